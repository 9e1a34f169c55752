// What is shown: kept in the address, so that a view can be reloaded, shared and gone back to.

const atlas = JSON.parse(document.getElementById("index").textContent);
const LAYERS = atlas.layers.map(layer => layer.name);
const lastRow = atlas.reached ?? 0;
/** What the network is shown: "image", or "sequence". */
const what = atlas.what;

const DEFAULTS = {
  view: "overview", layer: LAYERS[0], epoch: lastRow, measure: "class_selectivity_index", drift: "image",
  sort: "response", up: false, at: null, method: "", hide: "", cls: "", selective: false, switched: false,
  neuron: null,
};
let state = { ...DEFAULTS };

const epochName = row => String(atlas.epochs[row]);
const rowOf = name => atlas.epochs.findIndex(epoch => String(epoch) === name);

/** How each field stands in the address, and what is made of it there; undefined: not a value. */
const FIELDS = {
  view: [v => v, t => ["overview", "grid", "neuron"].includes(t) ? t : undefined],
  layer: [v => v, t => LAYERS.includes(t) ? t : undefined],
  epoch: [epochName, t => rowOf(t) < 0 ? undefined : rowOf(t)],
  measure: [v => v, t => SORTS.some(m => m.name === t) ? t : undefined],
  sort: [v => v, t => SORTS.some(m => m.name === t) ? t : undefined],
  drift: [v => v, t => t in DRIFTS ? t : undefined],
  up: [v => v ? "1" : "0", t => t === "1"],
  at: [epochName, t => rowOf(t) < 0 ? undefined : rowOf(t)],
  method: [v => v, t => atlas.choices.includes(t) ? t : undefined],
  hide: [v => v, t => t.split(",").filter(s => atlas.status.includes(s)).join(",")],
  cls: [v => v, t => /^\d+$/.test(t) && Number(t) < atlas.classes.length ? String(Number(t)) : undefined],
  selective: [v => v ? "1" : "0", t => t === "1"],
  switched: [v => v ? "1" : "0", t => t === "1"],
  neuron: [v => String(v), t => /^\d+$/.test(t) ? Number(t) : undefined],
};

/** The unit of responses, if all layers have one, and whether any has another than spike rates. */
const UNITS = [...new Set(atlas.layers.map(layer => layer.unit.long))];
const unitText = UNITS.length === 1 ? UNITS[0] : "in the unit of each layer";
const otherUnits = atlas.layers.some(layer => layer.unit.short !== "spike rate");

/** What is compared between the MEIs of two epochs, and its unit. */
const DRIFTS = {
  image: "root mean square difference of pixels, 0 to 1",
  latent: "share of codes that differ, or root mean square difference of latent numbers",
  response: `difference of their responses (${unitText})`,
  class: "share of pairs in which the classifier reads different classes",
};

const SORTS = [
  { name: "neuron", label: "neuron number", kind: atlas.searched ? "MEI" : "Neuron", about: "channel or unit of the layer" },
  atlas.searched ? { name: "response", label: "MEI response", kind: "MEI", about: `answer to the MEI, the best found by the search; ${unitText}` }
    : { name: "response", label: `response to the best test ${what}`, kind: "Neuron", about: `answer to the test ${what} that drives it most; ${unitText}` },
  ...atlas.both ? [{ name: "least_response", label: "response to the least exciting image", kind: "MEI", about: `answer to the least exciting image that the search found; ${unitText}` }] : [],
  ...atlas.measures,
];

function address(of) {
  const told = new URLSearchParams();
  for (const [name, [write]] of Object.entries(FIELDS)) {
    const own = name === "layer" && of.view !== "overview" || name === "view";
    if (of[name] !== null && (own || of[name] !== DEFAULTS[name])) told.set(name, write(of[name]));
  }
  return "#" + told;
}

function readAddress() {
  const told = new URLSearchParams(location.hash.slice(1));
  const found = { ...DEFAULTS };
  for (const [name, [, read]] of Object.entries(FIELDS)) {
    const value = told.has(name) ? read(told.get(name)) : undefined;
    if (value !== undefined) found[name] = value;
  }
  const layer = atlas.layers[LAYERS.indexOf(found.layer)];
  if (found.view === "neuron" && !layer.neurons.includes(found.neuron)) found.view = "grid";
  if (found.view !== "neuron") found.neuron = null;
  return found;
}

/** Go to another view. ``replace``: without a step for the back button. */
function go(change, { replace = false } = {}) {
  state = { ...state, ...change };
  history[replace ? "replaceState" : "pushState"](null, "", address(state));
  render();
}

/** What a control in a form says, as a field: an empty choice is the default. */
const chosenIn = control => control.type === "checkbox" ? control.checked
  : control.value === "" ? DEFAULTS[control.dataset.field] : FIELDS[control.dataset.field][1](control.value);

function follow() {
  state = readAddress();
  render();
}
window.addEventListener("popstate", follow);
