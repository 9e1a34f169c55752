// Pictures: tiles of lossless sheets, drawn pixel by pixel; a canvas holds exactly the stimulus.

const [CHANNELS, HEIGHT, WIDTH] = atlas.image;
const decoded = new Map();
const KEPT = 32;

/** A sheet as a bitmap; the most recent ones stay decoded. */
function sheet(id) {
  const found = decoded.get(id) ?? createImageBitmap(
    new Blob([bytesOf(id)], { type: "image/webp" }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  decoded.delete(id);
  decoded.set(id, found);
  if (decoded.size > KEPT) decoded.delete(decoded.keys().next().value);
  return found;
}

/** Draw one tile; what is drawn last wins, however long its sheet takes. */
async function draw(canvas, name, tile) {
  const id = `${name}/${Math.floor(tile / atlas.sheet.tiles)}`;
  const wanted = `${id} ${tile}`;
  canvas.dataset.wanted = wanted;
  const bitmap = await sheet(id);
  if (canvas.dataset.wanted !== wanted) return;
  const across = bitmap.width / WIDTH, within = tile % atlas.sheet.tiles;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, (within % across) * WIDTH, Math.floor(within / across) * HEIGHT, WIDTH, HEIGHT, 0, 0, WIDTH, HEIGHT);
  canvas.dataset.drawn = wanted;
}

/** Whether the page holds a kind of pictures of a layer and epoch. */
const holds = (kind, layer, row) => atlas.sheets[`${kind}/${layer}/${row}`] > 0;

/** Draw all pictures that a piece of the page asks for. */
function paint(root) {
  for (const canvas of root.querySelectorAll("canvas[data-sheet]")) {
    if (canvas.dataset.wanted === undefined) draw(canvas, canvas.dataset.sheet, Number(canvas.dataset.tile));
  }
}

/** HTML of a picture, or of the gap where there is none. */
function picture(name, tile, word, { side = atlas.side, label = "" } = {}) {
  const size = `style="width:${side}px;height:${Math.round(side * HEIGHT / WIDTH)}px"`;
  if (word) return `<span class="gap ${word}" ${size}>${word}</span>`;
  return `<canvas width="${WIDTH}" height="${HEIGHT}" data-sheet="${esc(name)}" data-tile="${tile}" ${size} ${label ? `role="img" aria-label="${esc(label)}"` : `aria-hidden="true"`}></canvas>`;
}
