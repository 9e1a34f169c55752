// A layer's neurons as a grid of their MEIs: sorted, filtered, each a link to the neuron.

const STEP = 240;

/** The neuron that was looked at last: the grid comes back to it. */
let visited = null;

const isSelective = (core, row, place) =>
  value(core, "class_selectivity_index", row, place) >= atlas.bars.csi && value(core, "selective_q", row, place) <= atlas.bars.rate;
const hasSwitched = (core, place) => core.switched !== undefined && at(core.switched, place) === 1;

/** What the pictures are. */
const foundText = () => signOf(state.method) > 0 ? "The best found by the search for each neuron" : "The least exciting image that the search found for each neuron";

/** Whether a neuron passes the filters. */
function passes(core, layer, place) {
  const choice = Math.max(atlas.choices.indexOf(state.method), 0);
  const hidden = state.hide ? state.hide.split(",") : [];
  if (hidden.includes(atlas.status[at(core.status, choice, state.epoch, place)])) return false;
  if (state.cls !== "" && value(core, "preferred_class", state.epoch, place) !== Number(state.cls)) return false;
  if (state.selective && !isSelective(core, state.epoch, place)) return false;
  return !state.switched || hasSwitched(core, place);
}

/** The layer's neurons in the order that is shown: those without a value last. */
function ordered(core, layer) {
  const choice = Math.max(atlas.choices.indexOf(state.method), 0), row = state.at ?? state.epoch;
  const of = place => state.sort === "neuron" ? layer.neurons[place] : value(core, state.sort, row, place, choice);
  const up = state.up || state.sort === "neuron" ? 1 : -1;
  return layer.neurons.map((_, place) => place).filter(place => passes(core, layer, place))
    .map(place => [place, of(place)])
    .sort(([a, x], [b, y]) => Number.isNaN(x) - Number.isNaN(y) || (Number.isNaN(x) ? a - b : up * (x - y) || a - b))
    .map(([place]) => place);
}

function tileOf(core, searches, layer, place) {
  const choice = Math.max(atlas.choices.indexOf(state.method), 0), neuron = layer.neurons[place];
  const sorted = value(core, state.sort, state.at ?? state.epoch, place, choice);
  const response = value(core, "response", state.epoch, place, choice);
  const [from, to] = ["switch_from", "switch_to"].map(name => at(core[name], place));
  const switched = hasSwitched(core, place) ? `<b class="flag switched" ${tip(`switched from ${className(from)} to ${className(to)}`)}>${esc(shortName(from))}→${esc(shortName(to))}</b>` : "";
  const lost = choice || !atlas.searched ? "" : beaten(core, state.epoch, place);
  const mark = lost && `<b class="flag beaten" ${tip(lost)}>▴</b>`;
  const shown = ["neuron", "response"].includes(state.sort) ? rate(response) : num(sorted);
  const search = at(core.place, choice, state.epoch, place);
  const image = !atlas.searched ? bestTest(layer, state.epoch, place, core, { label: "" }) : choice ? searchPicture(layer.name, state.epoch, place, search, core, searches, { label: "" }) : bestPicture(layer.name, state.epoch, place, core, { label: "" });
  const label = `neuron ${neuron}, response ${rate(response)}, prefers ${className(value(core, "preferred_class", state.epoch, place))}${switched ? `, switched from ${className(from)} to ${className(to)}` : ""}${lost && `, ${lost}`}`;
  return `<a class="tile" href="${address({ ...state, view: "neuron", neuron })}" data-neuron="${neuron}" aria-label="${esc(label)}">${image}<span>${neuron}</span><span class="much">${shown}${mark}</span>${switched}</a>`;
}

function filters(core, count, total) {
  const box = (field, label, on, needs) => `<label><input type="checkbox" data-field="${field}" ${on ? "checked" : missing(needs) ? "disabled" : ""}> ${label}</label>`;
  const hidden = state.hide.split(",");
  const words = atlas.status.filter(word => atlas.layers[LAYERS.indexOf(state.layer)].states[word].some(n => n > 0));
  const option = (v, text, chosen) => `<option value="${v}" ${chosen ? "selected" : ""}>${esc(text)}</option>`;
  const classes = option("", "any class", state.cls === "") + atlas.classes.map((name, c) => option(c, name, state.cls === String(c))).join("");
  const methods = atlas.choices.length > 1 ? `<label>Search <select data-field="method">${atlas.choices.map(m => option(m, m || "best of all", m === state.method)).join("")}</select></label>` : "";
  const untold = [missing("training"), missing("interval")].filter(Boolean);
  return `<form class="filters" aria-label="Sort and filter">
<label>Sort by ${measureSelect("sort", SORTS, state.sort)}</label>
<label>of <select data-field="at" aria-label="Epoch of the order">${option("", "the epoch shown", state.at === null)}${atlas.epochs.map((_, row) => option(epochName(row), `epoch ${epochName(row)}`, state.at === row)).join("")}</select></label>
<label>Order <select data-field="up">${option("0", "highest first", !state.up)}${option("1", "lowest first", state.up)}</select></label>
${methods}<label>Prefers <select data-field="cls">${classes}</select></label>
<fieldset><legend>Only</legend>${box("selective", "selective", state.selective, "interval")}${box("switched", "switched", state.switched, "training")}</fieldset>
${atlas.searched ? `<fieldset><legend>Show</legend>${words.map(word => `<label><input type="checkbox" data-state="${word}" ${hidden.includes(word) ? "" : "checked"}> ${word}</label>`).join("")}</fieldset>` : ""}
<output>${count.toLocaleString("en")} of ${plural(total, "neuron")}</output>${untold.map(lack).join("")}</form>`;
}

async function grid(section) {
  const layer = atlas.layers[LAYERS.indexOf(state.layer)], wanted = address(state);
  const [core, searches] = await Promise.all([block(layer.name, "core"), state.method ? block(layer.name, "searches") : {}]);
  if (address(state) !== wanted) return;
  const order = ordered(core, layer);
  section.innerHTML = `<h1 tabindex="-1">${esc(layer.name)} <small>at epoch ${epochName(state.epoch)}</small></h1><p class="dim">${atlas.searched ? foundText() : `The test ${what} that drives each neuron most`}${otherUnits ? `, with its response (${esc(layer.unit.long)})` : ""}. ${stepOf(layer)} ${state.method ? "" : atlas.searched ? "▴: another image that the network was shown beats it." : esc(atlas.film)}</p>${filters(core, order.length, layer.neurons.length)}
${order.length ? `<div class="tiles" role="group" aria-label="${atlas.searched ? "MEIs" : `Best test ${what}s`}" style="--side:${atlas.side}px"></div>` : lack("No neuron passes these filters.")}<div class="more"></div>`;
  const list = section.querySelector(".tiles"), more = section.querySelector(".more");
  let shown = 0;
  const add = () => {
    const next = order.slice(shown, shown += STEP);
    list?.insertAdjacentHTML("beforeend", next.map(place => tileOf(core, searches, layer, place)).join(""));
    if (next.length) paint(list);
    if (shown >= order.length) watcher.disconnect();
  };
  const watcher = new IntersectionObserver(seen => seen.some(e => e.isIntersecting) && add(), { rootMargin: "600px" });
  const back = visited?.layer === layer.name ? order.indexOf(layer.neurons.indexOf(visited.neuron)) : -1;
  visited = null;
  do add(); while (shown <= back);
  list?.children[back]?.focus();
  watcher.observe(more);
  section.dataset.shown = wanted;
}

/** Arrow keys walk through the tiles. */
function walkTiles(event) {
  const tile = event.target.closest?.(".tile");
  if (!tile) return false;
  const all = [...tile.parentElement.children], place = all.indexOf(tile);
  const across = all.findIndex(other => other.offsetTop > all[0].offsetTop);
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across }[event.key];
  if (!step) return false;
  all[place + step]?.focus();
  event.preventDefault();
  return true;
}
