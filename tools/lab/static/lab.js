// The laboratory's page: what is chosen, the steps of the edit, and what the server makes of them.

import { controls, initial } from "./form.js";
import { channelTiles, lines } from "./panels.js";
import { ask, file, latest } from "./server.js";
import { clicked, fitted, history, step, words, written } from "./steps.js";
import { brush, difference, draw, frame, pixels, unpacked } from "./view.js";

const $ = (id) => document.getElementById(id);

let choices = { images: [], codecs: {}, operations: [] };
let latents = {};
let edit = { steps: [], active: null, policy: "keep" };
let past = history(edit);
let shown = { original: null, baseline: null, edited: null };
let numbers = { baseline: null, edited: null };
let before = null; // the channel clicked last
let held = false; // whether the baseline is looked at for as long as a key is down

const image = () => choices.images[$("image").value];
const cell = () => ({ codec: $("codec").value, quality: $("quality").value, image_set: image().set, image: image().image });
const active = () => edit.steps[edit.active] ?? null;
const grid = () => latents[active()?.site ?? "y"];
const order = () => ($("order").value === "bits" ? grid().order : [...grid().order].sort((a, b) => a - b));
const operation = () => choices.operations.find(({ name }) => name === active().operation);
const names = () => ({
  images: choices.images, sets: [...new Set(choices.images.map(({ set }) => set))], channels: grid().channels,
});

function showError(error) {
  $("error").hidden = !error;
  $("error").textContent = error ?? "";
}

async function tried(work) {
  document.body.setAttribute("aria-busy", "true");
  try {
    await work();
  } catch (error) {
    showError(error.message);
  }
  document.body.removeAttribute("aria-busy");
}

// What is chosen above: the image, its latents and its baseline.

const loaded = latest((keep) => tried(async () => {
  const { sites } = await ask("latent", cell());
  latents = sites;
  edit.steps = edit.steps.map((own) => fitted(own, sites));
  const { set, image: own } = image();
  const baseline = await ask("edit", { ...cell(), steps: [], policy: edit.policy });
  shown = {
    original: await pixels(await file(`image/${encodeURIComponent(set)}/${encodeURIComponent(own)}`)),
    baseline: baseline.reason ? null : await pixels(unpacked(baseline.image)),
    edited: null,
  };
  numbers = { baseline: baseline.values ?? null, edited: null };
  showError(baseline.reason);
  if (!keep) past = history(edit);
  refreshed();
  tiles();
  await asked();
}));

const asked = latest(() => tried(async () => {
  const begun = performance.now();
  const answer = await ask("edit", { ...cell(), steps: edit.steps.map(written), policy: edit.policy });
  showError(answer.reason);
  numbers.edited = answer.values ?? null;
  shown.edited = answer.reason ? null : await pixels(unpacked(answer.image));
  results();
  if (answer.reason) return;
  const { encode, decode, score } = answer.seconds;
  const all = ((performance.now() - begun) / 1000).toFixed(2);
  $("time").textContent = `Edited, coded to ${answer.bytes} bytes (${encode.toFixed(2)} s), decoded (${decode.toFixed(2)} s), scored (${score.toFixed(2)} s); here after ${all} s.`;
  $("time").dataset.sha256 = answer.sha256;
}));

function qualities() {
  const own = choices.codecs[$("codec").value].qualities;
  const now = $("quality").value;
  $("quality").replaceChildren(...own.map((quality) => new Option(quality, quality)));
  $("quality").value = own.includes(now) ? now : own[Math.floor((own.length - 1) / 2)];
}

function images() {
  const now = $("image").value;
  $("image").replaceChildren(...choices.images.map(({ set, image: own, width, height }, index) => new Option(`${set}/${own} (${width}×${height})`, index)));
  $("image").value = now || 0;
}

async function dropped(given) {
  if (!given) return;
  await tried(async () => {
    choices.images.push(await ask("drop", given));
    images();
    $("image").value = choices.images.length - 1;
    await loaded();
  });
}

// The steps.

function changed(done = true) {
  if (done) past.keep(edit);
  refreshed();
  asked();
}

function update(values, done = true) {
  edit.steps[edit.active] = { ...active(), ...values };
  changed(done);
}

function form() {
  const own = active();
  $("step").hidden = !own;
  if (!own) return;
  $("site").replaceChildren(...Object.entries(latents).map(([site, { channels, rows, columns }]) => new Option(`${site} (${channels} channels, ${rows}×${columns})`, site)));
  $("site").value = own.site;
  $("operation").value = own.operation;
  $("summary").textContent = operation().summary.replaceAll("`", "");
  $("invert").checked = own.invert;
  for (const axis of ["rows", "columns"]) {
    const span = own[axis] ?? { from: 0, to: grid()[axis] };
    $(`${axis}-from`).value = span.from;
    $(`${axis}-to`).value = span.to;
    $(`${axis}-from`).max = grid()[axis] - 1;
    $(`${axis}-to`).max = grid()[axis];
  }
  $("channels-chosen").textContent = own.channels.length ? `${own.channels.length} of ${grid().channels} channels` : "all channels";
  if (!$("parameters").contains(document.activeElement) || $("parameters").dataset.operation !== own.operation) {
    $("parameters").replaceChildren(...controls(operation(), own.parameters, names(), (values, done) => {
      edit.steps[edit.active] = { ...active(), parameters: { ...active().parameters, ...values } };
      changed(done);
    }));
    $("parameters").dataset.operation = own.operation;
  }
}

function list() {
  $("steps").replaceChildren(...edit.steps.map((own, index) => {
    const item = document.createElement("li");
    const choose = Object.assign(document.createElement("button"), { type: "button", className: "words", textContent: words(own) });
    if (index === edit.active) choose.setAttribute("aria-current", "true");
    choose.onclick = () => { edit.active = index; refreshed(); tiles(); };
    const remove = Object.assign(document.createElement("button"), { type: "button", textContent: "Remove" });
    remove.onclick = () => {
      edit.steps.splice(index, 1);
      edit.active = edit.steps.length ? Math.min(edit.active, edit.steps.length - 1) : null;
      changed();
      tiles();
    };
    item.append(choose, " ", remove);
    return item;
  }));
}

function tiles() {
  $("channels-title").textContent = `Channels of ${active()?.site ?? "y"}`;
  $("tiles").replaceChildren(...channelTiles(grid(), order(), (channel, shift) => {
    if (!active()) added();
    const channels = clicked(active().channels, order(), channel, before, shift);
    before = channel;
    update({ channels });
  }));
  pressed();
}

function pressed() {
  const channels = new Set(active()?.channels ?? []);
  for (const tile of $("tiles").children) tile.setAttribute("aria-pressed", channels.has(Number(tile.dataset.channel)));
}

// What came out.

function results() {
  $("numbers").tBodies[0].replaceChildren(...lines(numbers.baseline, numbers.edited));
  view();
}

function view() {
  const kind = held ? "baseline" : document.querySelector("[name=shown]:checked").value;
  const differs = ["change", "loss"].includes(kind);
  $("gain-label").hidden = !differs;
  $("gain-value").textContent = $("gain").value;
  const reference = kind === "loss" ? shown.original : shown.baseline;
  const made = differs ? difference(shown.edited, reference, Number($("gain").value)) : shown[kind];
  if (made) draw($("canvas"), made);
  $("canvas").style.visibility = made ? "visible" : "hidden";
  $("canvas").setAttribute("aria-label", kind);
  frame($("brush"), $("canvas"), active(), latents[active()?.site]);
}

function refreshed() {
  const ends = past.ends();
  $("undo").disabled = !ends.back;
  $("redo").disabled = !ends.forth;
  $("policy").value = edit.policy;
  list();
  form();
  pressed();
  results();
}

function added() {
  edit.steps.push(step("zero", {}));
  edit.active = edit.steps.length - 1;
}

function travelled(state) {
  edit = state;
  edit.steps = edit.steps.map((own) => fitted(own, latents));
  $("parameters").dataset.operation = "";
  refreshed();
  tiles();
  asked();
}

async function copied(kind) {
  await tried(async () => {
    const text = (await ask("study", { ...cell(), steps: edit.steps.map(written), policy: edit.policy }))[kind];
    $("yaml").hidden = false;
    $("yaml").value = text;
    showError();
    const done = navigator.clipboard ? await navigator.clipboard.writeText(text).then(() => true, () => false) : false;
    $("copied").textContent = done ? "copied" : "below, to be copied";
  });
}

function spans() {
  for (const axis of ["rows", "columns"]) {
    const count = grid()[axis];
    const from = Math.min(Math.max(0, Number($(`${axis}-from`).value)), count - 1);
    const to = Math.min(Math.max(from + 1, Number($(`${axis}-to`).value)), count);
    edit.steps[edit.active] = { ...active(), [axis]: from === 0 && to === count ? null : { from, to } };
  }
  changed();
}

function listened() {
  $("image").onchange = () => loaded();
  $("codec").onchange = () => { qualities(); loaded(); };
  $("quality").onchange = () => loaded();
  $("policy").onchange = () => { edit.policy = $("policy").value; changed(); };
  $("order").onchange = tiles;
  $("shown").onchange = view;
  $("gain").oninput = view;
  $("file").onchange = () => dropped($("file").files[0]);
  $("add").onclick = () => { added(); changed(); tiles(); };
  $("reset").onclick = () => { edit = { ...edit, steps: [], active: null }; changed(); tiles(); };
  $("undo").onclick = () => travelled(past.back());
  $("redo").onclick = () => travelled(past.forth());
  $("copy-edit").onclick = () => copied("edit");
  $("copy-study").onclick = () => copied("study");
  $("site").onchange = () => { update(fitted({ ...active(), site: $("site").value, channels: [], rows: null, columns: null }, latents)); tiles(); };
  $("operation").onchange = () => {
    const own = choices.operations.find(({ name }) => name === $("operation").value);
    update({ operation: own.name, parameters: initial(own, names(), image()) });
  };
  $("invert").onchange = () => update({ invert: $("invert").checked });
  $("all-channels").onclick = () => update({ channels: [] });
  $("whole").onclick = () => update({ rows: null, columns: null });
  $("spans").onchange = spans;
  addEventListener("resize", view);
  document.ondragover = (drag) => { drag.preventDefault(); document.body.classList.add("dropping"); };
  document.ondragleave = () => document.body.classList.remove("dropping");
  document.ondrop = (drop) => {
    drop.preventDefault();
    document.body.classList.remove("dropping");
    dropped(drop.dataTransfer.files[0]);
  };
  const typing = (target) => target.matches?.("input[type=number], textarea");
  document.onkeydown = (key) => {
    if (typing(key.target)) return;
    if (key.key === "b" && !held) { held = true; view(); }
    if ((key.ctrlKey || key.metaKey) && key.key.toLowerCase() === "z") {
      key.preventDefault();
      travelled(key.shiftKey ? past.forth() : past.back());
    }
  };
  document.onkeyup = (key) => { if (key.key === "b") { held = false; view(); } };
  brush($("view"), $("canvas"), () => latents[active()?.site ?? "y"], (rows, columns, done) => {
    if (!active()) { if (!rows) return; added(); }
    update({ rows, columns }, done);
  });
}

tried(async () => {
  choices = await ask("start");
  images();
  $("codec").replaceChildren(...Object.entries(choices.codecs).map(([name, { label }]) => new Option(label, name)));
  if ("tiny-mbt2018-mean-mse" in choices.codecs) $("codec").value = "tiny-mbt2018-mean-mse";
  qualities();
  $("operation").replaceChildren(...choices.operations.map(({ name }) => new Option(name, name)));
  listened();
  await loaded();
  document.documentElement.dataset.ready = "true";
});
