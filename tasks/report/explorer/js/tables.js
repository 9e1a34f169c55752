// A heat map as a table: each cell a number that can be pointed at, focused and read aloud.

/** Below 0, at 0 and above it: where responses have a sign. */
const SIGNED = ["#b34700", "#f7f7f7", "#0072b2"];
const VIRIDIS = ["#440154", "#482878", "#3e4a89", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6dcd59", "#b4de2c", "#fde725"];

function coloured(share, scale) {
  const place = Math.min(Math.max(share, 0), 1) * (scale.length - 1), low = Math.min(Math.floor(place), scale.length - 2);
  const mix = [1, 3, 5].map(k => {
    const [a, b] = [scale[low], scale[low + 1]].map(hex => parseInt(hex.slice(k, k + 2), 16));
    return Math.round(a + (b - a) * (place - low));
  });
  return { fill: `rgb(${mix})`, ink: 0.3 * mix[0] + 0.6 * mix[1] + 0.1 * mix[2] > 120 ? "#000" : "#fff" };
}

/** A response in as few signs as a cell has room for. */
const brief = v => v < 0 ? num(v, 2) : v < 10 ? v.toFixed(2).replace(/^0/, "") : num(v);

/** Rows: epochs of the network; columns: epochs of the stimulus. ``get(row, column)`` is a response. */
function heatTable(get, rows, columns, now) {
  const values = rows.flatMap(row => columns.map(column => get(row, column))).filter(Number.isFinite);
  if (!values.length) return lack("This neuron has no MEI that networks of other epochs could have been shown.");
  const signed = values.some(v => v < 0), size = Math.max(...values.map(Math.abs)) || 1, scale = signed ? SIGNED : VIRIDIS;
  // with a sign, 0 is in the middle: the same size is as strong a colour on either side
  const low = signed ? -size : 0, top = size, numbers = columns.length <= 9;
  const cell = (row, column, first) => {
    const v = get(row, column);
    const where = `network of epoch ${epochName(row)}, MEI of epoch ${epochName(column)}`;
    if (!Number.isFinite(v)) return `<td class="none" tabindex="${first ? 0 : -1}" ${tip(`${where}: none`)}></td>`;
    const own = get(row, row), part = !signed && own > 0 && row !== column ? `, ${Math.round(100 * v / own)} % of its own MEI` : "";
    const { fill, ink } = coloured((v - low) / (top - low), scale);
    return `<td class="${row === column ? "own" : ""}" tabindex="${first ? 0 : -1}" style="background:${fill};color:${ink}" ${tip(`${where}: ${rate(v)}${part}`)}>${numbers ? brief(v) : `<span class="spoken">${rate(v)}</span>`}</td>`;
  };
  const head = columns.map(column => `<th scope="col" class="${column === now ? "current" : ""}">${epochName(column)}</th>`).join("");
  const body = rows.map((row, i) => `<tr><th scope="row" class="${row === now ? "current" : ""}">${epochName(row)}</th>${columns.map((column, k) => cell(row, column, !i && !k)).join("")}</tr>`).join("");
  const key = `<div class="scale"><span>${low ? rate(low) : 0}</span><i style="background:linear-gradient(90deg,${scale})"></i><span>${rate(top)}</span></div>`;
  return `<div class="scroll"><table class="heat"><caption class="spoken">Response of the network of each epoch (rows) to the MEI of each epoch (columns)</caption><thead><tr><th class="corner">network ↓<br>MEI →</th>${head}</tr></thead><tbody>${body}</tbody></table></div>${key}`;
}

/** Arrow keys walk through a heat map. */
function walkHeat(event) {
  const cell = event.target.closest?.(".heat td");
  const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
  if (!cell || !step) return false;
  const rows = cell.closest("tbody").rows;
  const next = rows[cell.parentElement.rowIndex - 1 + step[0]]?.cells[cell.cellIndex + step[1]];
  if (next?.tagName === "TD") { cell.tabIndex = -1; next.tabIndex = 0; next.focus(); }
  event.preventDefault();
  return true;
}

/** Classes as bars with the two halves of the test images as marks. */
function tuningBars(mean, halves, { preferred, read }) {
  const all = [...mean, ...halves.flat()].filter(Number.isFinite);
  const low = Math.min(0, ...all), top = Math.max(low ? 0 : 1e-9, ...all);
  const share = v => r1(100 * (v - low) / (top - low));
  const bar = v => `left:${share(Math.min(v, 0))}%;width:${r1(share(Math.max(v, 0)) - share(Math.min(v, 0)))}%`;
  const rows = mean.map((v, c) => {
    const marks = halves.map((half, h) => Number.isFinite(half[c]) ? `<i class="half h${h}" style="left:${share(half[c])}%"></i>` : "").join("");
    const told = (c === preferred ? `<span class="spoken">, preferred</span>` : "") + (c === read ? ` <b class="read" aria-hidden="true">◆</b><span class="spoken">, read in the MEI</span>` : "");
    const halvesText = halves.map((half, h) => `${h ? "second" : "first"} half ${rate(half[c])}`).join(", ");
    return `<li class="${c === preferred ? "preferred" : ""}" ${tip(`${atlas.classes[c]}: ${rate(v)} (${halvesText})`)}><span class="what">${esc(atlas.classes[c])}${told}</span><span class="track">${Number.isFinite(v) ? `<i class="bar" style="${bar(v)}"></i>` : ""}${low < 0 ? `<i class="zero" style="left:${share(0)}%"></i>` : ""}${marks}</span><span class="much">${rate(v)}</span></li>`;
  });
  return `<ul class="tuning${mean.length > 20 ? " many" : ""}">${rows.join("")}</ul><div class="legend"><span><i class="swatch"></i>all test ${what}s</span><span><i class="swatch chosen"></i>the preferred class</span><span><i class="dot h0"></i>first half</span><span><i class="dot h1"></i>second half</span>${read >= 0 ? `<span><b class="read">◆</b> class read in the MEI</span>` : ""}</div>`;
}
