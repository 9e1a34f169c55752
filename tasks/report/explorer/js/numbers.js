// Numbers of the page: unpacked when a view first asks for them.

const KINDS = { f4: Float32Array, i4: Int32Array, i2: Int16Array, u1: Uint8Array };

function bytesOf(id) {
  const text = atob(document.getElementById(id).textContent);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The bytes of each element lie apart: first all first ones, then all second ones. */
function joined(planes, kind, length) {
  const size = KINDS[kind].BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(planes.length);
  for (let part = 0; part < size; part++) {
    for (let at = 0; at < length; at++) bytes[at * size + part] = planes[part * length + at];
  }
  return new KINDS[kind](bytes.buffer);
}

async function unpack(id, header) {
  const bytes = await inflate(bytesOf(id));
  const arrays = {};
  let start = 0;
  for (const { name, kind, shape } of header) {
    const length = shape.reduce((a, b) => a * b, 1);
    const end = start + length * KINDS[kind].BYTES_PER_ELEMENT;
    arrays[name] = { data: joined(bytes.subarray(start, end), kind, length), shape };
    start = end;
  }
  return arrays;
}

const unpacked = new Map();

/** The arrays of one block of a layer ("core", "tuning" ...); none where the page has no such block. */
function block(layer, name) {
  const key = `${layer}/${name}`;
  if (!unpacked.has(key)) {
    const header = atlas.layers[LAYERS.indexOf(layer)].blocks[name];
    const id = `numbers/${layer}/${name}`;
    unpacked.set(key, header ? unpack(name === "core" ? id : `${id}/0`, header) : Promise.resolve({}));
  }
  return unpacked.get(key);
}

/** The element at some indices; NaN in an array that is not there. */
function at(array, ...indices) {
  if (!array) return NaN;
  let place = 0;
  indices.forEach((index, axis) => { place = place * array.shape[axis] + index; });
  return array.data[place];
}

/** A neuron's value: of training, of an epoch, or of the chosen search of an epoch. */
function value(core, name, row, place, choice = 0) {
  const array = core[name];
  if (!array) return NaN;
  if (array.shape.length === 1) return at(array, place);
  return array.shape.length === 2 ? at(array, row, place) : at(array, choice, row, place);
}

const course = (core, name, place, choice = 0) => atlas.epochs.map((_, row) => value(core, name, row, place, choice));
