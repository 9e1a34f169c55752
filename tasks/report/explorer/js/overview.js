// The overview: the claims, the network's accuracy, and every layer over training.

const ANSWERS = { "supported": "yes", "consistent in this network": "maybe", "not supported": "no", "undecided": "open" };

function claimCard(claim) {
  const bounds = claim.low === null ? "" : ` <span class="dim">(95 %: ${num(claim.low)} to ${num(claim.high)})</span>`;
  const effect = claim.effect === null ? "" : `<p class="effect"><b>${num(claim.effect)}</b>${bounds}<br>${esc(claim.unit)}</p>`;
  const networks = claim.seeds ? `<p class="dim">${plural(claim.seeds, "network")}</p>` : "";
  const reasons = claim.reasons.length ? `<details><summary>What it rests on</summary><ul>${claim.reasons.map(r => `<li>${esc(r)}</li>`).join("")}</ul></details>` : "";
  return `<li class="claim ${ANSWERS[claim.answer] ?? "open"}"><b class="answer">${esc(claim.answer)}</b><p>${esc(claim.statement)}</p>${effect}${networks}${reasons}</li>`;
}

const claimList = () => missing("claims") ? lack(missing("claims")) : `<ul class="claims">${atlas.claims.map(claimCard).join("")}</ul>`;

/** Size of a chart that has two columns of a wide screen. */
const large = () => innerWidth < 700 ? {} : { width: 620, height: 250 };

const sayMissing = name => missing(name) && lack(missing(name));

function accuracyPanel() {
  const y = atlas.progress.accuracy;
  const inside = sayMissing("accuracy") || chart({
    x: epochAxis(), lines: [{ label: "test accuracy", y }], bottom: 0, top: 1, now: state.epoch, label: "Test accuracy",
    levels: [{ label: "chance", y: 1 / atlas.classes.length }], ...large(),
  });
  return panel("Test accuracy", inside, `Share of the test ${what}s that the network classifies correctly.`, "double");
}

/** What else the training tells of its network: over epochs, or, on an axis of its own, at the chosen one. */
function trainingPanels() {
  return atlas.training.map(({ label, about, unit, lines }) => {
    const rows = unit ? lines.map(line => ({ ...line, y: line.y[state.epoch] })) : lines;
    const axis = unit ? { x: countAxis(unit, rows[0].y.length) } : { x: epochAxis(), now: state.epoch };
    const what = unit ? `. At epoch ${epochName(state.epoch)}.` : "";
    return panel(esc(label), chart({ ...axis, lines: rows, label, width: 290, height: 170 }), esc(about) + what);
  }).join("");
}

/** Why a chart of measures has none: an analysed one is undefined, and stays so. */
const noValues = () => missing("measures") ? "No values yet." : "No values: it is undefined here.";

/** One measure, median and quartiles of each layer's neurons. */
function measurePanel() {
  const known = SORTS.filter(m => atlas.layers.some(layer => layer.quartiles[m.name]));
  const chosen = known.find(m => m.name === state.measure) ?? known[0];
  const lines = atlas.layers.map(layer => {
    const [low, y, high] = layer.quartiles[chosen.name] ?? [[], [], []];
    return { label: layer.name, y, low, high };
  });
  const choose = `<label class="choose">Measure ${measureSelect("measure", known, chosen.name)}</label>`;
  const why = undefinedIn(atlas.layers, chosen), any = lines.some(line => line.y.some(v => v !== null));
  const inside = chart({ x: epochAxis(), lines, now: state.epoch, label: chosen.label, none: why || noValues(), ...large() }) + (sayMissing("measures") || "") + (why && any ? lack(why) : "");
  return panel(esc(chosen.label), choose + inside, `Median over the neurons of a layer; band: quartiles. ${esc(chosen.about)}`, "double");
}

function populationPanels() {
  const told = atlas.population.about;
  if (missing("population")) return panel("Populations", lack(missing("population")));
  return Object.entries(told).map(([name, { label, about }]) => panel(esc(label), chart({
    x: epochAxis(), now: state.epoch, label, width: 290, height: 170, none: undefinedIn(atlas.layers, { shares: name === "population_sparseness" }) || noValues(),
    lines: atlas.layers.map(layer => ({ label: layer.name, y: atlas.population.layers[layer.name][name] })),
  }), esc(about))).join("");
}

/** How many neurons are in which state at the chosen epoch. */
function statesTable() {
  const words = atlas.status.filter(word => atlas.searched && atlas.layers.some(layer => layer.states[word][state.epoch]));
  const link = (layer, text, change) => `<a href="${address({ ...state, view: "grid", layer: layer.name, neuron: null, ...change })}">${esc(text)}</a>`;
  const count = (layer, n, field) => n === undefined || n === null ? UNKNOWN : n ? link(layer, n, { selective: false, switched: false, [field]: true }) : n;
  const row = layer => `<tr><th scope="row">${link(layer, layer.name, {})}</th>${words.map(word => `<td>${layer.states[word][state.epoch]}</td>`).join("")}<td>${num(layer.mean_response[state.epoch])}</td>${otherUnits ? `<td class="unit">${esc(layer.unit.long)}</td>` : ""}<td>${count(layer, layer.selective?.[state.epoch], "selective")}</td><td>${count(layer, layer.switched, "switched")}</td>${atlas.searched ? `<td>${layer.elsewhere[state.epoch] ?? UNKNOWN}</td>` : ""}</tr>`;
  const heads = ["layer", ...words, "mean response", ...(otherUnits ? ["unit"] : []), "selective", "switched in training", ...(atlas.searched ? ["best known elsewhere"] : [])];
  return `<table class="states"><thead><tr>${heads.map(head => `<th scope="col">${head}</th>`).join("")}</tr></thead><tbody>${atlas.layers.map(row).join("")}</tbody></table>`;
}

function measureSelect(field, measures, chosen) {
  const kinds = [...new Set(measures.map(m => m.kind))];
  const options = kind => measures.filter(m => m.kind === kind).map(m => `<option value="${m.name}" ${m.name === chosen ? "selected" : ""}>${esc(m.label)}</option>`).join("");
  return `<select data-field="${field}">${kinds.map(kind => `<optgroup label="${esc(kind)}">${options(kind)}</optgroup>`).join("")}</select>`;
}

const lacksList = () => atlas.lacks.length ? `<h2>What the network does not have</h2><ul class="lacks">${atlas.lacks.map(text => `<li>${esc(text)}</li>`).join("")}</ul>` : "";

/** What the responses of the table are to. */
const tableText = () => atlas.searched
  ? "Responses are to the best found by the search. Best known elsewhere: neurons that another image beats, of all that the network was shown (MEIs of other epochs and neurons, test, screening and blank images)."
  : `Responses are to the test ${what} that drives each neuron most. Nothing was searched (search.methods: []), so there is no MEI of any neuron.`;

function overview(section) {
  const notes = [...atlas.problems, ...atlas.left_out].map(text => `<p class="alarm">${esc(text)}</p>`).join("");
  const neurons = atlas.layers.reduce((sum, layer) => sum + layer.neurons.length, 0);
  section.innerHTML = `<h1 tabindex="-1">What every neuron wants to see <small>${esc(atlas.data)}: ${plural(neurons, "neuron")} of ${plural(atlas.layers.length, "layer")} at ${plural(atlas.epochs.length, "epoch")}</small></h1>${notes}
<h2>Three claims about training</h2>${claimList()}
<h2>Over training</h2>${sayMissing("epochs") || ""}<div class="panels">${measurePanel()}${accuracyPanel()}${trainingPanels()}${populationPanels()}</div>
<h2>Neurons at epoch ${epochName(state.epoch)}</h2><div class="scroll">${statesTable()}</div>
<p class="dim">${tableText()}</p>${lacksList()}`;
}
