// Numbers and names as text.

const UNKNOWN = "–";
const esc = text => String(text).replace(/[&<>"']/g, c => `&#${c.charCodeAt(0)};`);

/** A number as people read it: about three digits, a dash where there is none. */
function num(x, digits = 3) {
  if (x === null || x === undefined || Number.isNaN(x)) return UNKNOWN;
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1000) return Math.round(x).toLocaleString("en").replace("-", "−");
  if (size < 1e-3) return x.toExponential(1).replace("-", "−").replace("e−", "e-");
  return String(Number(x.toPrecision(digits))).replace("-", "−");
}
/** A response: three decimals where they tell it. */
const rate = x => !Number.isFinite(x) ? UNKNOWN
  : x === 0 || Math.abs(x) >= 5e-4 && Math.abs(x) < 10 ? x.toFixed(3).replace("-", "−") : num(x, 4);
/** Whether a response is an answer: not 0 where nothing is below it. */
const answers = (layer, response) => Number.isFinite(response) && (response > 0 || !layer.unit.silence);
const stepOf = layer => layer.spike_step === null ? "" : `One spike adds ${num(layer.spike_step)} to a response.`;
const percent = x => x === null || Number.isNaN(x) ? UNKNOWN : `${(100 * x).toFixed(1)} %`;
const className = place => place >= 0 ? atlas.classes[place] : UNKNOWN;
const shortName = place => place >= 0 ? atlas.short[place] : UNKNOWN;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const wordOf = sign => sign > 0 ? "most" : "least";
const most = wordOf(atlas.sign);
/** What a search looked for, by its name; of none: what stands for a neuron. */
const signOf = method => method ? atlas.signs[atlas.methods.indexOf(method)] : atlas.sign;

/** Why a measure has no value in some layers; empty where it has. */
function undefinedIn(layers, measure) {
  const signed = measure.shares ? layers.filter(layer => layer.unit.signed).map(layer => layer.name) : [];
  return signed.length ? `Undefined in ${signed.join(", ")}: responses may be below 0 there, and a share of a sum of both signs is no share.` : "";
}

/** A sentence in place of a panel that lacks something. */
const lack = text => `<p class="lack">${esc(text)}</p>`;
const missing = name => atlas.missing[name];

/** A panel: heading, what is in it, and how to read it. */
const panel = (heading, inside, reading = "", wide = "") =>
  `<figure class="panel ${wide}"><h3>${heading}</h3>${inside}${reading ? `<figcaption>${reading}</figcaption>` : ""}</figure>`;

const tip = text => `data-tip="${esc(text)}"`;
