// Curves over epochs or images as SVG: colours of Okabe and Ito, each with its own marker.

const [BLUE, ORANGE, GREEN, PINK] = atlas.colours;
const MARKS = [
  (x, y) => `<circle cx="${x}" cy="${y}" r="3.4"/>`,
  (x, y) => `<rect x="${x - 3}" y="${y - 3}" width="6" height="6"/>`,
  (x, y) => `<path d="M${x} ${y - 4}l4 7h-8z"/>`,
  (x, y) => `<path d="M${x} ${y - 4.4}l4.2 4.4l-4.2 4.4l-4.2 -4.4z"/>`,
  (x, y) => `<path d="M${x} ${y + 4}l4 -7h-8z"/>`,
  (x, y) => `<path d="M${x - 4} ${y}h8M${x} ${y - 4}v8" stroke-width="2"/>`,
  (x, y) => `<path d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6" stroke-width="2"/>`,
];
const r1 = x => Math.round(x * 10) / 10;

/** Round numbers from low to high, about four. */
function roundTicks(low, high, count = 4) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(k => k * power).find(s => s >= raw * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(Number((k * step).toPrecision(12)));
  return ticks;
}

const epochAxis = () => ({
  label: atlas.axis.label, places: atlas.axis.places,
  ticks: atlas.axis.ticks.map(row => [atlas.axis.places[row], epochName(row)]), names: atlas.epochs.map((_, row) => `epoch ${epochName(row)}`),
});

/** An axis of ``count`` places, numbered from 0. */
function countAxis(label, count) {
  const last = Math.max(count - 1, 1), place = k => k / last;
  const places = Array.from({ length: count }, (_, k) => place(k));
  return { label, places, ticks: roundTicks(0, last).filter(Number.isInteger).map(k => [place(k), String(k)]), names: places.map((_, k) => `${label} ${k}`) };
}

function imageAxis() {
  const top = Math.log(atlas.counts.at(-1)) || 1;
  const place = images => Math.log(images) / top;
  const decades = [];
  for (let ten = 1; ten <= atlas.counts.at(-1); ten *= 10) decades.push([place(ten), ten.toLocaleString("en")]);
  return { label: "images shown per neuron (log scale)", places: atlas.counts.map(place), ticks: decades, names: atlas.counts.map(count => plural(count, "image")) };
}

/**
 * A chart of lines {label, y, low, high, colour, mark, faint}; ``levels``: {label, y} dashed;
 * ``none``: what is said where there is no value; ``now``: the place of the chosen epoch; ``bottom`` and ``top`` end the axis (undefined: the data do).
 */
function chart({ x, lines, levels = [], label = "", bottom, top, now = null, width = 340, height = 200, legend = true, none = "No values yet." }) {
  const all = [...lines.flatMap(l => [...l.y, ...(l.low ?? []), ...(l.high ?? [])]), ...levels.map(l => l.y)].filter(v => v !== null && Number.isFinite(v));
  if (!all.length) return lack(none);
  let low = Math.min(bottom ?? Infinity, ...all), high = Math.max(top ?? -Infinity, ...all);
  if (high - low < 1e-9 * Math.max(1, Math.abs(high))) { if (low !== bottom) low -= Math.abs(low) * 0.1 || 0.5; high += Math.abs(high) * 0.1 || 0.5; }
  const ticks = roundTicks(low, high, height < 130 ? 2 : 4);
  const names = ticks.map(tick => num(tick));
  const left = 14 + 6.2 * Math.max(...names.map(name => name.length)), right = width - 12, floor = height - (x.label ? 36 : 20), ceiling = 10;
  const X = place => r1(left + 6 + place * (right - left - 12)), Y = v => r1(floor - (v - low) / (high - low) * (floor - ceiling));
  const known = v => v !== null && Number.isFinite(v);
  const parts = [];
  ticks.forEach((tick, i) => parts.push(`<path class="rule" d="M${left} ${Y(tick)}H${right}"/><text x="${left - 5}" y="${Y(tick) + 3.5}" text-anchor="end">${names[i]}</text>`));
  let edge = -Infinity;
  for (const [place, name] of x.ticks) {
    const half = 3.2 * name.length + 3;
    if (X(place) - half < edge) continue;
    edge = X(place) + half;
    parts.push(`<path class="tick" d="M${X(place)} ${floor}v4"/><text x="${X(place)}" y="${floor + 15}" text-anchor="middle">${name}</text>`);
  }
  // where values have a sign, 0 is a line of its own
  if (low < 0 && high > 0) parts.push(`<path class="ground" d="M${left} ${Y(0)}H${right}"/>`);
  parts.push(`<path class="axis" d="M${left} ${floor}H${right}"/>`);
  if (x.label) parts.push(`<text class="name" x="${(left + right) / 2}" y="${height - 4}" text-anchor="middle">${esc(x.label)}</text>`);
  if (now !== null) parts.push(`<path class="now" d="M${X(x.places[now])} ${ceiling}V${floor}"/>`);
  levels.filter(l => known(l.y)).forEach((l, i) => parts.push(`<path class="level" stroke-dasharray="${i ? "1.5 3" : "5 3"}" d="M${left} ${Y(l.y)}H${right}" ${tip(`${l.label}: ${num(l.y)}`)}/>`));
  lines.forEach((line, i) => {
    const colour = line.colour ?? atlas.colours[i % atlas.colours.length];
    const rows = line.y.map((_, k) => k);
    for (const run of runs(rows.filter(k => known(line.low?.[k]) && known(line.high?.[k])))) {
      const upper = run.map(k => `${X(x.places[k])} ${Y(line.high[k])}`), lower = run.map(k => `${X(x.places[k])} ${Y(line.low[k])}`).reverse();
      parts.push(run.length > 1 ? `<path class="band" fill="${colour}" d="M${upper.join("L")}L${lower.join("L")}z"/>`
        : `<path class="whisker" stroke="${colour}" d="M${upper[0]}L${lower[0]}"/>`);
    }
    for (const run of runs(rows.filter(k => known(line.y[k])))) {
      parts.push(`<path class="line${line.faint ? " faint" : ""}" stroke="${colour}" ${line.dashed ? `stroke-dasharray="5 3"` : ""} d="M${run.map(k => `${X(x.places[k])} ${Y(line.y[k])}`).join("L")}"/>`);
      if (line.faint) continue;
      const mark = MARKS[(line.mark ?? i) % MARKS.length];
      for (const k of run) {
        const band = known(line.low?.[k]) ? ` (${num(line.low[k])} to ${num(line.high[k])})` : "";
        parts.push(`<g fill="${colour}" stroke="${colour}" class="mark" ${tip(`${line.label}, ${x.names[k]}: ${num(line.y[k], 4)}${band}`)}>${mark(X(x.places[k]), Y(line.y[k]))}<circle class="halo" cx="${X(x.places[k])}" cy="${Y(line.y[k])}" r="9"/></g>`);
      }
    }
  });
  const shown = legend ? lines.map((l, i) => ({ ...l, i })).filter(l => !l.faint && l.label && l.y.some(known)) : [];
  // of several lines one may have no values: which it is must be said all the same
  const several = lines.filter(l => !l.faint && l.label).length > 1 && shown.length;
  const key = several || levels.length ? `<div class="legend">${shown.map(l =>
    `<span><svg width="22" height="12" viewBox="0 0 22 12"><g fill="${l.colour ?? atlas.colours[l.i % atlas.colours.length]}" stroke="${l.colour ?? atlas.colours[l.i % atlas.colours.length]}"><path d="M0 6H22" stroke-width="1.8" ${l.dashed ? `stroke-dasharray="5 3"` : ""}/>${MARKS[(l.mark ?? l.i) % MARKS.length](11, 6)}</g></svg>${esc(l.label)}</span>`).join("")}${levels.map((l, i) =>
    `<span><svg width="22" height="12" viewBox="0 0 22 12"><path class="level" stroke-dasharray="${i ? "1.5 3" : "5 3"}" d="M0 6H22"/></svg>${esc(l.label)}</span>`).join("")}</div>` : "";
  return `<svg class="chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="${esc(spoken(label, lines, x))}">${parts.join("")}</svg>${key}`;
}

/** What a chart says, for those who hear it. */
function spoken(label, lines, x) {
  const told = lines.filter(l => l.label && !l.faint).map(line => {
    const known = line.y.map((v, k) => k).filter(k => line.y[k] !== null && Number.isFinite(line.y[k]));
    return known.length ? `${line.label} from ${num(line.y[known[0]])} at ${x.names[known[0]]} to ${num(line.y[known.at(-1)])} at ${x.names[known.at(-1)]}` : `${line.label}: no values`;
  });
  return `${label}. ${told.join("; ")}`;
}

/** Runs of consecutive numbers: a line has a gap where a value is missing. */
function runs(rows) {
  const found = [];
  for (const row of rows) found.length && found.at(-1).at(-1) === row - 1 ? found.at(-1).push(row) : found.push([row]);
  return found;
}
