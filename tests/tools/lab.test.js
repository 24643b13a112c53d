// The laboratory's page without a browser: steps, selections, history, spans, numbers, questions.

import assert from "node:assert/strict";
import test from "node:test";

import { first, value } from "../../tools/lab/static/form.js";
import { signed } from "../../tools/lab/static/panels.js";
import { latest } from "../../tools/lab/static/server.js";
import { clicked, fitted, history, step, words, written } from "../../tools/lab/static/steps.js";
import { span } from "../../tools/lab/static/view.js";

test("a step is written as in a study, without what selects everything", () => {
  assert.deepEqual(written(step("zero", {})), { op: "zero", site: "y" });
  const own = { ...step("scale", { factor: 2 }), channels: [3, 1], rows: { from: 0, to: 8 }, invert: true };
  assert.deepEqual(written(own), { select: { channels: [3, 1], rows: { from: 0, to: 8 }, invert: true }, op: { scale: { factor: 2 } }, site: "y" });
  assert.deepEqual(written(step("replace", { image: "a", set: null })).op, { replace: { image: "a" } });
});

test("a step in words", () => {
  assert.equal(words(step("zero", {})), "zero: y");
  assert.equal(words({ ...step("scale", { factor: 2 }), channels: [7], columns: { from: 1, to: 2 }, invert: true }), "scale 2: all but y, channel 7, columns 1 to 2");
});

test("clicks choose channels, and ranges with Shift in the order shown", () => {
  const order = [5, 2, 9, 0];
  assert.deepEqual(clicked([], order, 2, null, false), [2]);
  assert.deepEqual(clicked([2, 5], order, 2, 5, false), [5]);
  assert.deepEqual(clicked([2], order, 0, 2, true), [0, 2, 9]);
  assert.deepEqual(clicked([], order, 2, null, true), [2]);
});

test("a step fits smaller latents and codecs without hyperprior", () => {
  const sites = { y: { channels: 4, rows: 8, columns: 8 } };
  const own = { ...step("zero", {}), site: "z", channels: [1, 4], rows: { from: 6, to: 30 }, columns: { from: 8, to: 9 } };
  assert.deepEqual(fitted(own, sites), { ...own, site: "y", channels: [1], rows: { from: 6, to: 8 }, columns: null });
});

test("what was undone can be done again, until something else is done", () => {
  const past = history({ a: 0 });
  past.keep({ a: 1 });
  past.keep({ a: 1 });
  past.keep({ a: 2 });
  assert.deepEqual([past.back(), past.back(), past.back()], [{ a: 1 }, { a: 0 }, { a: 0 }]);
  assert.deepEqual(past.ends(), { back: false, forth: true });
  assert.deepEqual(past.forth(), { a: 1 });
  past.keep({ a: 3 });
  assert.deepEqual([past.forth(), past.ends()], [{ a: 3 }, { back: true, forth: false }]);
});

test("a drag selects the elements that it touches, and at least one", () => {
  assert.deepEqual(span(0.26, 0.74, 4), { from: 1, to: 3 });
  assert.deepEqual(span(0.9, 0.1, 4), { from: 0, to: 4 });
  assert.deepEqual(span(1, 1.5, 4), { from: 3, to: 4 });
  assert.deepEqual(span(-1, 0, 4), { from: 0, to: 1 });
});

test("numbers carry their sign", () => {
  assert.deepEqual([signed(0.1234, 2), signed(-0.126, 2), signed(-0.001, 2)], ["+0.12", "−0.13", "0.00"]);
});

test("parameters begin with their default or a value of their kind", () => {
  const names = { images: [{ set: "s", image: "i" }], sets: ["s"] };
  const parameter = (kind, words_ = "", fallback = null) => ({ kind, words: words_, default: fallback });
  assert.equal(first(parameter("number", "", 1.5), names), 1.5);
  assert.equal(first(parameter("image"), names), "i");
  assert.equal(first(parameter("set", "a name, or null"), names), null);
  assert.equal(first(parameter("set", "a name"), names), "s");
  assert.equal(first(parameter("choice", "90, 180, 270"), names), 90);
  assert.deepEqual([value("2.5"), value("rows"), value("")], [2.5, "rows", ""]);
});

test("only the newest of several wishes is asked for", async () => {
  const asked = [];
  const gates = [];
  const ask = latest((wish) => {
    asked.push(wish);
    return new Promise((open) => { gates.push(open); });
  });
  const all = [ask(1), ask(2), ask(3)];
  gates[0]();
  await new Promise((resolve) => { setImmediate(resolve); });
  gates[1]();
  await Promise.all(all);
  assert.deepEqual(asked, [1, 3]);
});
