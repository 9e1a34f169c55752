// One neuron: everything that the atlas knows of it.

/** The side of a picture that is looked at for itself: half as large again, if a phone's screen has room. */
const LARGER = atlas.side + WIDTH * Math.max(1, Math.round(atlas.side / WIDTH / 2));
const LARGE = WIDTH > atlas.side || LARGER > 330 ? atlas.side : LARGER;

/** Who reads a class in the MEIs: the classifier, the same at all epochs, or else each epoch's own network. */
const judged = core => core.mei_reference_class && !missing("classifier");
const readIn = (core, row, place) => value(core, judged(core) ? "mei_reference_class" : "mei_class", row, place);
const judge = core => judged(core) ? "the study's classifier" : "the epoch's own network";

function meiStrip({ layer, place, core }) {
  const reads = judged(core) || !missing("readout");
  const cell = row => {
    const label = `MEI at epoch ${epochName(row)}`;
    const best = `${bestPicture(layer.name, row, place, core, { label, side: LARGE })}<span>${atlas.both ? "most" : `epoch ${epochName(row)}`}</span><span class="much">${rate(value(core, "response", row, place))}</span><span class="dim">${esc(shortName(readIn(core, row, place)))}</span>`;
    const inside = atlas.both ? `<span class="pair"><span>${best}</span>${leastOf(layer, place, core, row)}</span><span>epoch ${epochName(row)}</span>` : best;
    return `<button type="button" class="moment ${row === state.epoch ? "current" : ""}" data-epoch="${row}" aria-pressed="${row === state.epoch}">${inside}</button>`;
  };
  return panel("MEI over training", `<div class="strip">${atlas.epochs.map((_, row) => cell(row)).join("")}</div>`,
    `The best found by the search at each epoch as the ${most} exciting image${atlas.both ? ", beside it the least exciting one" : ""}, ${reads ? `its response, and the class that ${judge(core)} reads in it` : "and its response"}. Choose one to see all else at that epoch.${reads ? "" : ` ${missing("readout")}`}`, "wide");
}

/** The least exciting image of an epoch, which stands beside the MEI, and the response to it. */
const leastOf = (layer, place, core, row) =>
  `<span>${leastPicture(layer.name, row, place, core, { label: `least exciting image at epoch ${epochName(row)}`, side: LARGE })}<span>least</span><span class="much">${rate(at(core.least_response, row, place))}</span></span>`;

/** Without searches: the best test image at each epoch. */
function testStrip({ layer, place, core }) {
  const cell = row => {
    const label = `best test ${what} at epoch ${epochName(row)}`, silent = !answers(layer, value(core, "response", row, place));
    return `<button type="button" class="moment ${row === state.epoch ? "current" : ""}" data-epoch="${row}" aria-pressed="${row === state.epoch}">${bestTest(layer, row, place, core, { label, side: LARGE })}<span>epoch ${epochName(row)}</span><span class="much">${rate(value(core, "response", row, place))}</span><span class="dim">${silent ? UNKNOWN : esc(shortName(naturalLabel(at(core.best_test, row, place))))}</span></button>`;
  };
  return panel(`Best test ${what} over training`, `<div class="strip">${atlas.epochs.map((_, row) => cell(row)).join("")}</div>${sayMissing("natural") || ""}`,
    `The test ${what} that drives the neuron most at each epoch, its response and its class. ${esc(atlas.film)} Choose one to see all else at that epoch.`, "wide");
}

/** The response to the MEI beside those to all else that the network was shown at this epoch. */
function responsesPanel({ layer, place, core, tuning }) {
  const row = state.epoch, lost = atlas.searched && beaten(core, row, place);
  const line = (what, response) => `<tr><th scope="row">${what}</th><td>${rate(response)}</td></tr>`;
  const blanks = missing("blank") ? "" : atlas.blanks.map((name, b) => line(name === "mean" ? `mean of the test ${what}s` : `${name} image`, at(tuning.blank, row, place, b))).join("");
  const least = atlas.both ? line("least exciting image found", at(core.least_response, row, place)) : "";
  const mei = atlas.searched ? line("MEI, the best found by the search", at(core.response, 0, row, place)) + least : "";
  const rows = mei + line(`best test ${what}`, at(tuning.top_response, row, place, 0)) + blanks;
  const verdict = lost ? `<p class="beaten">${esc(lost[0].toUpperCase() + lost.slice(1))}.</p>` : "";
  return panel("Responses", `<table class="facts"><tbody>${rows}</tbody></table>${verdict}${sayMissing("blank") || ""}${sayMissing("best_known") || ""}`, `At epoch ${epochName(row)}, in units of: ${esc(layer.unit.long)}. ${referenceOf(tuning, row, place)}${stepOf(layer)}`);
}

/** What 1 is in the network's own numbers, where that is each neuron's own. */
const referenceOf = (tuning, row, place) => !tuning.reference || !Number.isFinite(at(tuning.reference, row, place)) ? ""
  : `1 is an activity of ${num(at(tuning.reference, row, place))}, which ${num(100 * atlas.reference_share)} % of natural images reach. `;

function repeatsPanel({ layer, place, core, searches }) {
  const row = state.epoch;
  const best = [at(core.place, 0, row, place), at(core.least_place, row, place)];
  const one = (method, repeat) => {
    const search = method * atlas.repeats + repeat, status = atlas.status[at(searches.all_status, row, place, method, repeat)];
    if (status === "unplanned") return "";
    const lane = searches.all_lane ? ` ${atlas.lanes[at(searches.all_lane, row, place, method, repeat)]}` : "";
    return `<figure class="${best.includes(search) && ["done", "saturated"].includes(status) ? "best" : ""}">${searchPicture(layer.name, row, place, search, core, searches, { label: `${atlas.methods[method]}, repeat ${repeat}` })}<figcaption>${repeat}${lane}<span class="much">${rate(at(searches.all_response, row, place, method, repeat))}</span></figcaption></figure>`;
  };
  const rows = atlas.methods.map((method, m) => `<div class="searches"><h4>${esc(method)}${atlas.both ? ` <small>${wordOf(atlas.signs[m])} exciting</small>` : ""}</h4><div class="strip">${Array.from({ length: atlas.repeats }, (_, r) => one(m, r)).join("")}</div></div>`).join("");
  return panel("Repeats of the search", rows + (sayMissing("repeats") || ""), `All searches at epoch ${epochName(row)}; ${atlas.both ? "framed are the MEI and the least exciting image" : "the framed one is the MEI"}. What differs between repeats is no change.`);
}

function diversePanel({ layer, place, searches }) {
  const row = state.epoch;
  if (missing("diverse")) return panel("Diverse set", lack(missing("diverse")));
  const count = at(searches.diverse_count, row, place), first = firstDiverse(searches, row, place);
  const one = rank => `<figure>${tilePicture("diverse", layer.name, row, first + rank, "", { label: `diverse stimulus ${rank + 1}` })}<figcaption><span class="much">${rate(at(searches.diverse_response, row, place, rank))}</span></figcaption></figure>`;
  const inside = count > 0 ? `<div class="strip">${Array.from({ length: count }, (_, rank) => one(rank)).join("")}</div>` : lack("No diverse stimuli at this epoch.");
  return panel("Diverse set", inside, "Stimuli with nearly the MEI's response that differ most.");
}

function naturalPanel({ layer, place, tuning }) {
  const row = state.epoch;
  if (missing("observed")) return panel(`Best test ${what}s`, lack(missing("observed")));
  const ranks = tuning.top.shape[2];
  const one = rank => {
    const index = at(tuning.top, row, place, rank), response = at(tuning.top_response, row, place, rank);
    return index < 0 || !answers(layer, response) ? "" : `<figure>${naturalPicture(index, { label: `test ${what} ${index}` })}<figcaption>${esc(shortName(naturalLabel(index)))}<span class="much">${rate(response)}</span></figcaption></figure>`;
  };
  const images = Array.from({ length: ranks }, (_, rank) => one(rank)).join("");
  return panel(`Best test ${what}s`, images ? `<div class="strip">${images}</div>${sayMissing("natural") || ""}` : lack(`No test ${what} drives it at this epoch.`), `Test ${what}s that drive the neuron most, with their class. ${esc(atlas.film)}`);
}

function tuningPanel({ place, core, tuning }) {
  const row = state.epoch, classes = atlas.classes.map((_, c) => c);
  if (missing("observed")) return panel("Tuning curve", lack(missing("observed")));
  const mean = classes.map(c => at(tuning.tuning, row, place, c));
  if (!mean.some(Number.isFinite)) return panel("Tuning curve", lack(`The test ${what}s are not shown at this epoch yet.`));
  const halves = [0, 1].map(half => classes.map(c => at(tuning.tuning_halves, row, place, half, c)));
  return panel("Tuning curve", tuningBars(mean, halves, { preferred: value(core, "preferred_class", row, place), read: atlas.searched ? readIn(core, row, place) : -1 }), `Mean response to the test ${what}s of each class; dots: either half of them.`);
}

function crossPanel({ place, cross }) {
  const rows = atlas.epochs.map((_, row) => row);
  const inside = sayMissing("cross") || heatTable((network, stimulus) => at(cross.cross, network, stimulus, place), rows, rows, state.epoch);
  return panel("Cross-response", inside, "What the network of each epoch answers to the MEI of each; framed: to its own.");
}

function driftPanel({ place, drift }) {
  if (missing("drift")) return panel("Drift of the MEI", lack(missing("drift")));
  const kinds = Object.keys(DRIFTS).filter(kind => drift[`${kind}_drift`]), kind = kinds.includes(state.drift) ? state.drift : kinds[0];
  const of = name => atlas.epochs.map((_, row) => at(drift[`${kind}_${name}`], row, place));
  const lines = [
    { label: "from the epoch before", y: of("drift") },
    { label: "between repeats of the epoch", y: of("same"), low: of("same_low"), high: of("same_high"), dashed: true },
  ];
  const choose = `<label class="choose">Compared <select data-field="drift">${kinds.map(k => `<option ${k === kind ? "selected" : ""}>${k}</option>`).join("")}</select></label>`;
  return panel("Drift of the MEI", choose + chart({ x: epochAxis(), lines, bottom: 0, now: state.epoch, label: "Drift" }) + (sayMissing("repeats") || ""),
    `${DRIFTS[kind]}; of searches from a cold start. Band: least to greatest between two repeats. Drift within it is what another search would show as well.`);
}

function curvesPanel({ layer, place, searches }) {
  const row = state.epoch;
  const lines = atlas.methods.map((label, m) => ({ label, y: atlas.counts.map((_, q) => at(searches.history, row, place, m, q)), dashed: atlas.both && atlas.signs[m] < 0 }));
  return panel("Search curves", chart({ x: imageAxis(), lines, bottom: layer.unit.silence ? 0 : undefined, label: "Best response" }), `${atlas.sign > 0 ? "Best" : "Lowest"} response after so many images at epoch ${epochName(row)}, mean over repeats.${atlas.both ? " Dashed: the lowest, of searches for the least exciting image." : ""}`);
}

function coursePanel({ layer, place, core }) {
  const name = state.measure, known = SORTS.filter(m => core[m.name] !== undefined && core[m.name].shape.length > 1);
  const chosen = known.find(m => m.name === name) ?? known[0];
  const y = course(core, chosen.name, place);
  const band = chosen.name === "class_selectivity_index" && core.csi_low ? { low: course(core, "csi_low", place), high: course(core, "csi_high", place) } : {};
  const why = undefinedIn([layer], chosen);
  const shuffled = band.low ? [{ label: "labels shuffled (95 %)", y: course(core, "csi_null_high", place), dashed: true }] : [];
  const choose = `<label class="choose">Measure ${measureSelect("measure", known, chosen.name)}</label>`;
  return panel(esc(chosen.label), choose + chart({ x: epochAxis(), lines: [{ label: chosen.label, y, ...band }, ...shuffled], now: state.epoch, label: chosen.label, none: why || noValues() }) + (sayMissing("measures") || ""), esc(chosen.about));
}

function factsPanel({ layer, place, core }) {
  const cell = m => undefinedIn([layer], m) ? `<td ${tip(undefinedIn([layer], m))}>${UNKNOWN}</td>` : `<td>${num(value(core, m.name, state.epoch, place))}</td>`;
  const rows = SORTS.filter(m => core[m.name] !== undefined).map(m => `<tr><th scope="row" ${tip(m.about)}>${esc(m.label)}</th>${cell(m)}</tr>`);
  const why = SORTS.some(m => undefinedIn([layer], m)) ? ` ${SORTS.filter(m => m.shares).map(m => m.label).join(", ")}: undefined, for responses of ${esc(layer.name)} may be below 0.` : "";
  return panel("Measures", `<table class="facts"><tbody>${rows.join("")}</tbody></table>`, `At epoch ${epochName(state.epoch)}; point at a name for its meaning.${why}`);
}

/** Whether the MEIs of a neuron that switched say so too. */
function support(core, place) {
  if (!atlas.searched) return "";
  const p = at(core.mei_support_p, place), [start, end] = ["switch_start", "switch_end"].map(name => num(at(core[name], place)));
  if (!Number.isFinite(p)) return "Its MEIs could not be compared: too few are read as a class, or too few repeats.";
  return p <= atlas.bars.rate ? `The class read in its MEIs changed too, from epoch ${start} to ${end} (p ${num(p, 2)}).`
    : `Its MEIs of epochs ${start} and ${end} are not read more differently than repeats of one epoch (p ${num(p, 2)}).`;
}

/** What happened to the neuron, in sentences. */
function story({ layer, place, core }) {
  const told = [];
  if (missing("training")) return lack(missing("training"));
  const onset = at(core.onset_epoch, place), q = at(core.switch_q, place);
  told.push(Number.isFinite(onset) ? `Selective from epoch ${num(onset)}.` : layer.unit.signed ? "Not tested for being selective: the index is undefined where responses may be below 0." : "Never found selective.");
  if (hasSwitched(core, place)) {
    told.push(`<b class="flag switched">switched</b> from <b>${esc(className(at(core.switch_from, place)))}</b> to <b>${esc(className(at(core.switch_to, place)))}</b> at epoch ${num(at(core.switch_epoch, place))} (q ${num(q, 2)}). ${support(core, place)}`);
  } else told.push(Number.isFinite(q) ? `No switch of its class found (q ${num(q, 2)}).` : "Not tested for a switch of its class.");
  return `<p class="story">${told.join(" ")}</p>`;
}

const PANELS = atlas.searched
  ? [responsesPanel, repeatsPanel, diversePanel, naturalPanel, tuningPanel, crossPanel, driftPanel, curvesPanel, coursePanel, factsPanel]
  : [responsesPanel, naturalPanel, tuningPanel, coursePanel, factsPanel];

async function neuron(section) {
  const layer = atlas.layers[LAYERS.indexOf(state.layer)], place = layer.neurons.indexOf(state.neuron), wanted = address(state);
  const [core, tuning, searches, cross, drift] = await Promise.all(["core", "tuning", "searches", "cross", "drift"].map(name => block(layer.name, name)));
  if (address(state) !== wanted) return;
  const found = { layer, place, core, tuning, searches, cross, drift };
  visited = { layer: layer.name, neuron: state.neuron };
  const order = ordered(core, layer), here = order.indexOf(place);
  const link = (to, text, rel) => to === undefined ? "" : `<a rel="${rel}" href="${address({ ...state, neuron: layer.neurons[to] })}">${text}</a>`;
  const status = atlas.searched ? `: ${atlas.status[at(core.status, 0, state.epoch, place)]}` : "";
  section.innerHTML = `<nav class="path" aria-label="Neurons"><a href="${address({ ...state, view: "grid", neuron: null })}" rel="up">↑ ${esc(layer.name)}</a>${link(order[here - 1], "← before", "prev")}${link(here < 0 ? undefined : order[here + 1], "after →", "next")}</nav>
<h1 tabindex="-1">${esc(layer.name)}, neuron ${state.neuron} <small>at epoch ${epochName(state.epoch)}${status}</small></h1>${story(found)}
${atlas.searched ? meiStrip(found) : testStrip(found)}<div class="flow">${PANELS.map(make => make(found)).join("")}</div>`;
  paint(section);
  section.dataset.shown = wanted;
}
