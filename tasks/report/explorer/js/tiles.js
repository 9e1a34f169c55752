// Where in the sheets a neuron's pictures stand.

/** The picture of one search of a neuron at an epoch, as HTML; ``search``: its place among searches x repeats. */
function searchPicture(layer, row, place, search, core, searches, options) {
  const state = at(searches.all_status, row, place, ...split(search));
  if (search === at(core.place, 0, row, place)) return bestPicture(layer, row, place, core, options);
  if (search === at(core.least_place, row, place)) return leastPicture(layer, row, place, core, options);
  return tilePicture("other", layer, row, at(searches.all_tile, row, place, ...split(search)), atlas.status[state], options);
}

const split = search => [Math.floor(search / atlas.repeats), search % atlas.repeats];

/** The MEI of a neuron's best search at an epoch. */
const bestPicture = (layer, row, place, core, options) =>
  tilePicture("best", layer, row, at(core.tile, row, place), atlas.status[at(core.status, 0, row, place)], options);

/** Its least exciting image, where the study looked for that too. */
const leastPicture = (layer, row, place, core, options) =>
  tilePicture("least", layer, row, at(core.least_tile, row, place), atlas.status[at(core.least_status, row, place)], options);

function tilePicture(kind, layer, row, tile, word, options) {
  if (tile < 0) return picture("", 0, word === "done" ? "not here" : word, options);
  if (!holds(kind, layer, row)) return picture("", 0, "left out", options);
  return picture(`${kind}/${layer}/${row}`, tile, "", options);
}

/** A test image by its index in the data set. */
function naturalPicture(index, options) {
  const place = atlas.natural.order.indexOf(index);
  if (place < 0) return picture("", 0, "left out", options);
  const sheetNumber = Math.floor(place / atlas.sheet.tiles);
  return picture(`natural/${sheetNumber}`, place - sheetNumber * atlas.sheet.tiles, "", options);
}

/** The test image that drives a neuron most at an epoch. */
function bestTest(layer, row, place, core, options) {
  if (!atlas.flags.observed[row]) return picture("", 0, "not seen yet", options);
  const index = at(core.best_test, row, place);
  return index < 0 || !answers(layer, value(core, "response", row, place)) ? picture("", 0, "no answer", options) : naturalPicture(index, options);
}

const naturalLabel = index => {
  const place = atlas.natural.order.indexOf(index);
  return place < 0 ? -1 : atlas.natural.labels[place];
};

/** What beats the best found by the search, in words; empty where nothing does. */
function beaten(core, row, place) {
  const source = at(core.known_source, row, place);
  if (!(source >= 0)) return "";
  const told = {
    epoch: epochName(at(core.known_epoch, row, place)), neuron: at(core.known_neuron, row, place), blank: atlas.blanks[at(core.known_image, row, place)],
  };
  return `beaten by ${atlas.beaten_by[source].replace(/{(\w+)}/g, (_, name) => told[name])}: ${rate(at(core.known_response, row, place))}`;
}

/** The first tile of a neuron's diverse stimuli: those of the neurons before it come first. */
function firstDiverse(searches, row, place) {
  let first = 0;
  for (let before = 0; before < place; before++) first += at(searches.diverse_count, row, before);
  return first;
}
