// The frame: tabs, the epoch slider, keys, and what is shown when the address changes.

const VIEWS = { overview, grid, neuron };
const box = document.getElementById("tip");
const SECTIONS = Object.fromEntries(Object.keys(VIEWS).map(name => [name, document.getElementById(name)]));

function renderTabs() {
  const tab = (change, text, current) => `<a data-tab="${esc(text)}" href="${address({ ...state, neuron: null, ...change })}" ${current ? `aria-current="page"` : ""}>${esc(text)}</a>`;
  const tabs = document.getElementById("tabs"), before = tabs.scrollLeft;
  tabs.classList.toggle("many", LAYERS.length > 10);
  tabs.innerHTML = tab({ view: "overview" }, "Overview", state.view === "overview")
    + LAYERS.map(layer => tab({ view: "grid", layer }, layer, state.view !== "overview" && state.layer === layer)).join("");
  // on a narrow screen the tabs are one line that scrolls: the current one is in it
  const current = tabs.querySelector("[aria-current]"), off = current.offsetLeft - tabs.offsetLeft;
  tabs.scrollLeft = off < before || off + current.offsetWidth > before + tabs.clientWidth ? off - (tabs.clientWidth - current.offsetWidth) / 2 : before;
}

function renderTime() {
  const time = document.getElementById("time"), last = atlas.epochs.length - 1;
  if (!time.firstChild) {
    time.innerHTML = `<button type="button" data-step="-1" aria-label="Epoch before">‹</button><input type="range" min="0" max="${last}" step="1" aria-label="Epoch"><button type="button" data-step="1" aria-label="Epoch after">›</button><output></output>`;
  }
  const slider = time.querySelector("input");
  slider.value = state.epoch;
  slider.disabled = last === 0;
  slider.setAttribute("aria-valuetext", `epoch ${epochName(state.epoch)}`);
  time.querySelector("output").textContent = `epoch ${epochName(state.epoch)}`;
}

/** Where the focus is, as a selector that finds the place again when it is drawn anew. */
function focusPlace() {
  const held = document.activeElement.closest("[data-tab], [data-field], [data-state], [data-epoch], [data-neuron]");
  const [name, value] = Object.entries(held?.dataset ?? {}).find(([key]) => ["tab", "field", "state", "epoch", "neuron"].includes(key)) ?? [];
  return name && `:is(#tabs, section:not([hidden])) [data-${name}="${CSS.escape(value)}"]`;
}

async function render() {
  const before = document.activeElement !== document.body, place = focusPlace();
  box.hidden = true;
  renderTabs();
  renderTime();
  for (const [name, section] of Object.entries(SECTIONS)) section.hidden = name !== state.view;
  await VIEWS[state.view](SECTIONS[state.view]);
  if (!before || document.activeElement !== document.body) return;
  const next = place && document.querySelector(place) || document.querySelector("section:not([hidden]) h1");
  next?.focus({ preventScroll: true });
}

const goToEpoch = row => go({ epoch: Math.min(Math.max(row, 0), atlas.epochs.length - 1) }, { replace: true });

document.getElementById("time").addEventListener("input", event => goToEpoch(Number(event.target.value)));
document.getElementById("time").addEventListener("click", event => {
  const step = event.target.closest("[data-step]");
  if (step) goToEpoch(state.epoch + Number(step.dataset.step));
});

document.querySelector("main").addEventListener("change", event => {
  const { field, state: word } = event.target.dataset;
  if (word) {
    const hidden = new Set(state.hide.split(",").filter(Boolean));
    event.target.checked ? hidden.delete(word) : hidden.add(word);
    go({ hide: [...hidden].join(",") }, { replace: true });
  } else if (field) {
    go({ [field]: chosenIn(event.target) }, { replace: true });
  }
});

document.querySelector("main").addEventListener("click", event => {
  const moment = event.target.closest("[data-epoch]");
  if (moment) goToEpoch(Number(moment.dataset.epoch));
});

// links within the page are steps of its own history
document.addEventListener("click", event => {
  const link = event.target.closest('a[href^="#"]');
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.getAttribute("href"));
  follow();
  window.scrollTo(0, 0);
});

document.addEventListener("keydown", event => {
  const own = event.target.matches("select") || event.target.matches("input") && event.key.startsWith("Arrow");
  if (own || event.altKey || event.ctrlKey || event.metaKey) return;
  if (walkHeat(event) || walkTiles(event)) return;
  const to = { ArrowLeft: "prev", ArrowRight: "next", Escape: "up" }[event.key];
  if (event.key === "[" || event.key === "]") goToEpoch(state.epoch + (event.key === "[" ? -1 : 1));
  else if (to && state.view === "neuron") document.querySelector(`#neuron a[rel="${to}"]`)?.click();
  else if (event.key === "Escape" && state.view === "grid") go({ view: "overview" });
});

function showTip(event) {
  const told = event.target.closest?.("[data-tip]");
  box.hidden = !told;
  if (!told) return;
  box.textContent = told.dataset.tip;
  const { left, bottom } = told.getBoundingClientRect();
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = `${Math.min(bottom + 6, innerHeight - box.offsetHeight - 8)}px`;
}
document.addEventListener("pointerover", showTip);
document.addEventListener("focusin", showTip);

document.body.classList.toggle("film", atlas.film !== "");
follow();
