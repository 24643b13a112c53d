// The page's functions that need no browser, run by `node --test`.

import assert from "node:assert/strict";
import { test } from "node:test";

import { parsed, repaired, written } from "../../scripts/study/page/static/address.js";
import { TICKS, numbers, path, scaled, shown } from "../../scripts/study/page/static/format.js";
import { fitting, placed, start, within, zoomed } from "../../scripts/study/page/static/geometry.js";
import { averages, finder, grouped, lacking, nearestQuality, order, rows, toggled } from "../../scripts/study/page/static/rows.js";
import { bands, front, quantile, tagged } from "../../scripts/study/page/static/statistics.js";

const TABLE = {
  image_set: { texts: ["s"], places: [0, 0, 0] }, image: { texts: ["a", "b"], places: [0, 0, 1] },
  codec: { texts: ["jpeg"], places: [0, 0, 0] }, quality: { texts: ["10", "30"], places: [0, 1, 0] },
  reason: { texts: ["", "failed: x"], places: [0, 0, 1] },
  bpp: [0.25, 0.5, null], payload_bpp: [0.2, 0.5, null], psnr: ["inf", 31.25, null], db: ["-inf", 1, 2],
  bytes: [100, 200, null], encode_s: [0.01, 0.02, null], decode_s: [0.03, 0.04, null], peak_rss: [2 ** 21, null, null],
};

const DEFAULTS = {
  set: "s", curve: "", metric: "psnr", log: false, off: [], image: "a", panes: [["jpeg", "10"], ["webp", "1"]], active: 0,
  mode: "decoded", reference: 0, rate: "bpp", zoom: 0, x: 0.5, published: true,
  by: "bpp", tag: "",
};
const KNOWN = {
  sets: new Map([["s", ["a", "b"]], ["t", ["c"]]]), qualities: new Map([["jpeg", ["10", "30"]], ["webp", ["1"]]]),
  metrics: ["psnr", "ssim"], modes: ["decoded", "swipe"], tags: ["water"], defaults: DEFAULTS,
};

test("rows look up their texts and numbers", () => {
  const [first, second, third] = rows(TABLE);
  assert.deepEqual([first.set, first.image, first.codec, first.quality, first.reason], ["s", "a", "jpeg", "10", ""]);
  assert.deepEqual([first.get("psnr"), first.get("db"), second.get("psnr"), third.get("psnr")], [Infinity, -Infinity, 31.25, null]);
  assert.equal(third.reason, "failed: x");
  assert.deepEqual([first.has("bytes"), first.has("n")], [true, false]);
  assert.equal(rows({ ...TABLE, image: undefined })[2].image, "");
});

test("a cell is found by its four names alone", () => {
  const find = finder(rows(TABLE));
  assert.equal(find("s", "a", "jpeg", "30").get("bpp"), 0.5);
  assert.equal(find("s", "b", "jpeg", "30"), undefined);
});

test("a cell is found among rows that come later", () => {
  const list = rows(TABLE), last = list.pop(), find = finder(list);
  assert.equal(find("s", "b", "jpeg", "10"), undefined);
  list.push(last);
  assert.equal(find("s", "b", "jpeg", "10"), last);
});

test("an image needs the file with its rows, a mean all files of its set, and none is asked for twice", () => {
  const files = [{ set: "s", images: ["b", "c"] }, { set: "s", images: ["d"] }, { set: "t", images: ["b"] }];
  const places = (wanted) => lacking(files, { set: "s", image: "a", curve: "", whole: false, ...wanted }).map((file) => files.indexOf(file));
  assert.deepEqual([places({}), places({ image: "c" }), places({ curve: "d" }), places({ whole: true })], [[], [0], [1], [0, 1]]);
  files[0].asked = true;
  assert.deepEqual(places({ whole: true }), [1]);
});

test("the nearest quality is that of the nearest known rate, the first of equals", () => {
  const rates = { 1: 0.25, 2: null, 3: 0.75, 4: undefined };
  const nearest = (bpp) => nearestQuality(["1", "2", "3", "4"], (quality) => rates[quality], bpp);
  assert.deepEqual([0, 0.49, 0.5, 0.51, 9].map(nearest), ["1", "1", "1", "3", "3"]);
  assert.equal(nearestQuality(["7", "8"], () => null, 1), "7");
});

test("the nearest quality by a metric of which less is better is that of the nearest value; infinite ones don't count", () => {
  const values = { 1: Infinity, 2: 3, 3: 1.5, 4: 0.2 };
  assert.equal(nearestQuality(["1", "2", "3", "4"], (quality) => values[quality], 1), "3");
});

test("means over images have no value where an image lacks one", () => {
  const list = rows(TABLE), [first, second] = averages(list);
  assert.deepEqual([first.codec, first.quality, first.image, first.get("n")], ["jpeg", "10", "", 2]);
  assert.deepEqual([first.get("bpp"), first.reason], [null, "failed: x"]);
  assert.deepEqual([second.get("bpp"), second.get("n"), second.has("bytes"), second.has("n")], [0.5, 1, false, true]);
  assert.equal(averages([list[0], list[1]].map((row) => ({ ...row, quality: "1" })))[0].get("bpp"), 0.375);
});

test("quantiles are interpolated between neighbours", () => {
  assert.deepEqual([0, 0.1, 0.5, 1].map((share) => quantile([30, 10, 20], share)), [10, 12, 20, 30]);
  assert.deepEqual([quantile([7], 0.9), quantile([], 0.5)], [7, null]);
});

test("bands are percentiles at each quality, in order of rate, without those that lack an image", () => {
  const at = (quality, rate, value) => ({ quality, rate, value });
  const list = [...[1, 2, 3].map((i) => at("90", 2 + i, 40 + i)), ...[1, 2, 3].map((i) => at("10", i, 30 + 10 * i)), at("50", 1, null), at("50", 1, 3)];
  assert.deepEqual(bands(list), [
    { quality: "10", rate: 2, low: 42, middle: 50, high: 58 }, { quality: "90", rate: 4, low: 41.2, middle: 42, high: 42.8 },
  ]);
});

test("the Pareto front has the points that nothing beats, whichever direction is better", () => {
  const points = [[1, 30], [2, 29], [2, 33], [1.5, 30], [3, 33], [4, 36]].map(([rate, value]) => ({ rate, value }));
  const of = (higher) => front(points, higher).map(({ rate, value }) => [rate, value]);
  assert.deepEqual(of(true), [[1, 30], [2, 33], [4, 36]]);
  assert.deepEqual(of(false), [[1, 30], [2, 29]]);
});

test("images with a tag, or all", () => {
  const images = [{ id: "a", tags: ["water"] }, { id: "b", tags: [] }];
  assert.deepEqual(tagged(images, "water").map((one) => one.id), ["a"]);
  assert.equal(tagged(images, "").length, 2);
});

test("tags and metrics to match that a study lacks are left out of its state", () => {
  const state = repaired({ ...DEFAULTS, tag: "water", by: "ssim" }, KNOWN);
  assert.deepEqual([state.tag, state.by], ["water", "ssim"]);
  assert.deepEqual(Object.values((({ tag, by }) => ({ tag, by }))(repaired({ ...DEFAULTS, tag: "x", by: "vmaf" }, KNOWN))), ["", "bpp"]);
});

test("groups keep the order of the list", () => {
  const list = [{ f: "b", i: 1 }, { f: "a", i: 2 }, { f: "b", i: 3 }];
  assert.deepEqual([...grouped(list, "f")].map(([name, members]) => [name, members.map((one) => one.i)]), [["b", [1, 3]], ["a", [2]]]);
});

test("a table sorts numbers by value, texts after them, empty cells last either way", () => {
  const cells = ["10", "", "b", "9", "-inf", "a", "inf", ""];
  const sorted = (up) => [...cells].sort((a, b) => order(a, b, up));
  assert.deepEqual(sorted(true), ["-inf", "9", "10", "inf", "a", "b", "", ""]);
  assert.deepEqual(sorted(false), ["b", "a", "inf", "10", "9", "-inf", "", ""]);
  assert.equal(order("inf", "inf", true), 0);
});

test("a family is hidden, and shown where all of it is hidden", () => {
  assert.deepEqual(toggled([], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(toggled(["a", "c"], ["a", "b"]), ["c", "a", "b"]);
  assert.deepEqual(toggled(["a", "b", "c"], ["a", "b"]), ["c"]);
});

test("numbers have four digits, but all before the point", () => {
  assert.deepEqual([0.123456, 12345.6, 31, 0, -2.5].map((value) => shown(value)), ["0.1235", "12346", "31.00", "0.000", "−2.500"]);
  assert.deepEqual([shown(Infinity), shown(-Infinity), shown(null), shown(undefined), shown(0.5, 2)], ["∞", "−∞", "–", "–", "0.50"]);
});

test("the numbers of a row leave out what it has not", () => {
  const [first, second, third] = rows(TABLE), metrics = [{ id: "psnr", label: "PSNR" }];
  assert.deepEqual(numbers(first, metrics), [
    ["", "0.2500 bpp"], ["payload", "0.2000 bpp"], ["", "100 bytes"], ["PSNR", "∞"], ["memory", "2 MiB"],
  ]);
  assert.deepEqual(numbers(second, metrics).map(([name]) => name), ["", "", "PSNR"]);
  assert.deepEqual(numbers(third, metrics)[1], ["", "– bytes"]);
  const mean = rows({ ...TABLE, n: [5, 5, 5], bytes: undefined })[1];
  assert.deepEqual(numbers(mean, [])[1], ["images", 5]);
});

test("decibels are of what a score lacks to one", () => {
  assert.deepEqual([0.9, 0.99, 0].map((value) => Math.round(scaled(value, true) * 1e9) / 1e9 + 0), [10, 20, 0]);
  assert.deepEqual([scaled(1, true), scaled(null, true), scaled(Infinity, false), scaled(31, false)], [null, null, null, 31]);
});

test("ticks of a logarithmic axis are exact decimals", () => {
  assert.deepEqual(TICKS.slice(0, 4), [0.001, 0.002, 0.005, 0.01]);
  assert.equal(TICKS.at(-1), 50);
});

test("a path is escaped part by part", () => {
  assert.equal(path("decoded", "a set", "50%", "x/y.png"), "files/decoded/a%20set/50%25/x%2Fy.png");
});

test("an address holds what differs from the default, and gives it back", () => {
  assert.equal(written(DEFAULTS, DEFAULTS), "");
  const state = { ...DEFAULTS, log: true, off: ["webp"], panes: [["jpeg", "30"]], x: 0.123456789, mode: "swipe" };
  const address = written(state, DEFAULTS);
  assert.deepEqual(Object.fromEntries(new URLSearchParams(address)), { log: "1", off: "webp", panes: "jpeg@30", x: "0.123457", mode: "swipe" });
  assert.deepEqual(parsed(`#${address}`, DEFAULTS, KNOWN.qualities), { ...state, x: 0.123457 });
});

test("an address without a state, or with nonsense, gives the defaults", () => {
  assert.deepEqual(parsed("#curves", DEFAULTS, KNOWN.qualities), DEFAULTS);
  const restored = parsed("#panes=x@1&zoom=NaN&active=many&off=gone~jpeg&unknown=1", DEFAULTS, KNOWN.qualities);
  assert.deepEqual(restored, { ...DEFAULTS, off: ["jpeg"] });
  assert.equal(parsed("#panes=jpeg@10~jpeg@10~jpeg@10~jpeg@10~jpeg@10", DEFAULTS, KNOWN.qualities).panes.length, 4);
});

test("what the study has not is repaired", () => {
  const broken = {
    ...DEFAULTS, set: "gone", image: "c", curve: "c", metric: "x", rate: "bits", mode: "y", panes: [["jpeg", "77"], ["webp", "1"]], active: 9, reference: 7,
  };
  assert.deepEqual(repaired(broken, KNOWN), { ...DEFAULTS, active: 1 });
  assert.deepEqual(repaired({ ...DEFAULTS, set: "t" }, KNOWN), { ...DEFAULTS, set: "t", image: "c" });
  assert.equal(repaired({ ...DEFAULTS, active: -3 }, KNOWN).active, 0);
  assert.equal(repaired({ ...DEFAULTS, reference: NaN }, KNOWN).reference, 0);
  assert.equal(broken.set, "gone");
});

const IMAGE = { width: 600, height: 400 }, VIEW = { width: 300, height: 300 };

test("an image that fits is in the middle, a larger one fills the view", () => {
  assert.equal(fitting(IMAGE, VIEW), 0.5);
  assert.deepEqual(placed({ x: 0.1, y: 0.9, zoom: 0.5 }, IMAGE, VIEW), { left: 0, top: 50, width: 300, height: 200 });
  assert.deepEqual([start(0, 600, 300), start(0.5, 600, 300), start(1, 600, 300)].map((left) => left + 0), [0, -150, -300]);
});

test("a centre stays where the image fills the view", () => {
  assert.deepEqual(within(0, 1, 1, IMAGE, VIEW), { x: 0.25, y: 0.625 });
  assert.deepEqual(within(0, 1, 0.5, IMAGE, VIEW), { x: 0.5, y: 0.5 });
});

test("zooming keeps the point under the mouse", () => {
  const corner = [-100, -50], at = [120, 90], now = 1;
  const { zoom, x, y } = zoomed({ now, wanted: 2, least: 0.5, corner, at }, IMAGE, VIEW);
  const { left, top } = placed({ x, y, zoom }, IMAGE, VIEW);
  assert.equal(zoom, 2);
  const before = at.map((value, i) => (value - corner[i]) / now), after = [(at[0] - left) / zoom, (at[1] - top) / zoom];
  for (const i of [0, 1]) assert.ok(Math.abs(before[i] - after[i]) <= 0.5, `${before} became ${after}`);
});

test("zoom has bounds, and none means that the image fits", () => {
  const given = { now: 0.5, least: 0.5, corner: [0, 50], at: [150, 150] };
  const zoomTo = (wanted) => zoomed({ ...given, wanted }, IMAGE, VIEW).zoom;
  assert.deepEqual([zoomTo(0), zoomTo(0.5), zoomTo(0.01), zoomTo(1000), zoomTo(3)], [0, 0, 0, 64, 3]);
});
