// The opinion test in the browser: a start, comparisons one after the other, and the file of answers at the end.

import { fileName, originalOf, session, sheet } from "./session.js";

const BLANK = 400; // milliseconds of grey between two comparisons, so that a change of images doesn't show
const KEYS = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "none" };

const $ = (id) => document.getElementById(id);
const test = JSON.parse($("data").textContent);
const state = { observer: "", started: "", list: [], at: -1, given: [], shownAt: 0, ready: false, scaled: false, saved: true };

function file(id) {
  return `stimuli/${id}.png`;
}

function show(name) {
  for (const id of ["start", "compare", "end"]) $(id).hidden = id !== name;
  document.body.dataset.screen = name;
}

/** Load images; resolves when all are decoded. */
function loaded(imgs) {
  return Promise.all(imgs.map((img) => img.decode().catch(() => { img.dataset.broken = "true"; })));
}

/** Give every image its size: one pixel of the image (or `zoom`) for one of the screen, less where the window is too narrow. */
function fit() {
  const imgs = [...document.querySelectorAll("#stage img")].filter((img) => img.naturalWidth);
  if (!imgs.length) return;
  const stage = $("stage");
  const narrow = stage.clientWidth < 700;
  const columns = narrow || test.boosted || test.method === "pair" ? 2 : 3;
  stage.classList.toggle("narrow", narrow);
  const wanted = (imgs[0].naturalWidth * test.zoom) / devicePixelRatio;
  const width = Math.min(wanted, (stage.clientWidth - 16 * (columns + 1)) / columns);
  for (const img of imgs) img.style.width = `${width}px`;
  if (width < wanted - 0.5) state.scaled = true;
  $("narrow").hidden = width >= wanted - 0.5;
}

function panes(one) {
  const original = originalOf(test, one.left);
  const shown = [["left", one.left], ...(test.boosted || test.method === "pair" ? [] : [["original", original]]), ["right", one.right]];
  return shown.map(([side, id]) => {
    const figure = document.createElement("figure");
    figure.className = side;
    const stack = document.createElement("div");
    stack.className = test.boosted ? "stack flicker" : "stack";
    for (const source of test.boosted ? [original, id] : [id]) {
      const img = document.createElement("img");
      img.src = file(source);
      img.alt = { left: "left image", right: "right image", original: "original" }[side];
      img.draggable = false;
      stack.append(img);
    }
    const caption = document.createElement("figcaption");
    caption.textContent = { left: "left", right: "right", original: "original" }[side];
    figure.append(stack, caption);
    return figure;
  });
}

async function next() {
  state.ready = false;
  state.at += 1;
  $("stage").replaceChildren();
  const one = state.list[state.at];
  if (!one) {
    finish();
    return;
  }
  const total = state.list.length - 1;
  $("progress").max = total;
  $("progress").value = state.at;
  $("count").textContent = one.kind === "practice" ? "Practice: this one doesn’t count" : `${state.at} of ${total}`;
  const figures = panes(one);
  const imgs = figures.flatMap((figure) => [...figure.querySelectorAll("img")]);
  await Promise.all([loaded(imgs), new Promise((done) => setTimeout(done, BLANK))]);
  if (imgs.some((img) => img.dataset.broken)) {
    $("count").textContent = "An image of the test can't be read: its folder `stimuli` must lie beside this page.";
    return;
  }
  $("stage").replaceChildren(...figures);
  fit();
  state.shownAt = performance.now();
  state.ready = true;
}

function answer(better) {
  if (!state.ready) return;
  const { kind, left, right } = state.list[state.at];
  if (kind !== "practice") {
    state.given.push({ kind, left, right, better, seconds: Math.round(performance.now() - state.shownAt) / 1000 });
    state.saved = false;
  }
  next();
}

function begin(given) {
  given.preventDefault();
  state.observer = $("observer").value.trim();
  state.started = new Date().toISOString();
  const [first, second] = test.traps[0];
  state.list = [{ kind: "practice", left: first, right: second }, ...session(test, state.observer)];
  state.at = -1;
  show("compare");
  $("choices").focus();
  next();
}

function finish() {
  $("done").textContent = `${state.given.length} answers by ${state.observer}.`;
  $("save").disabled = !state.given.length;
  show("end");
  $("save").focus();
}

function save() {
  const screen = { width: window.screen.width, height: window.screen.height, ratio: devicePixelRatio, scaled: state.scaled };
  const content = sheet(test, state.observer, state.started, screen, state.given);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content)], { type: "application/json" }));
  link.download = fileName(test, state.observer);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  state.saved = true;
  $("kept").textContent = `Saved as ${link.download}. Send this file to whoever asked you.`;
}

$("begin").addEventListener("submit", begin);
$("save").addEventListener("click", save);
$("stop").addEventListener("click", finish);
for (const button of document.querySelectorAll("[data-better]")) {
  button.addEventListener("click", () => answer(button.dataset.better));
}
addEventListener("keydown", (pressed) => {
  const better = KEYS[pressed.key];
  if (document.body.dataset.screen !== "compare" || !better || pressed.repeat || pressed.ctrlKey || pressed.altKey || pressed.metaKey) return;
  pressed.preventDefault();
  answer(better);
});
addEventListener("resize", fit);
addEventListener("beforeunload", (leaving) => {
  if (!state.saved) leaving.preventDefault();
});
show("start");
