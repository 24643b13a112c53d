// What an observer of the opinion test is asked: drawn from the test's seed and the observer's name alone.

import assert from "node:assert/strict";
import { test } from "node:test";

import { generator, shuffled } from "../../scripts/study/opinions/static/random.js";
import { fileName, originalOf, session, sheet } from "../../scripts/study/opinions/static/session.js";

const ids = Array.from({ length: 12 }, (_, number) => number.toString(16).padStart(16, "0"));
const TEST = {
  format: 1, study: "made", test: "00000000000000aa", seed: 3, method: "triplet", boosted: false, zoom: 1,
  counts: { trials: 8, repeats: 2, traps: 3 },
  pairs: ids.slice(0, 10).flatMap((first, index) => ids.slice(index + 1, 10).map((second) => [first, second])),
  traps: [[ids[10], ids[11]]],
  stimuli: Object.fromEntries(ids.map((id) => [id, { image_set: "set", image: "one", codec: "c", quality: "1", bytes: 9, rate: 1 }])),
  originals: { "set/one": ids[10] },
};
const both = ({ left, right }) => [left, right].sort().join();

test("the same observer is asked the same, another one something else", () => {
  assert.deepEqual(session(TEST, "ada"), session(TEST, "ada"));
  assert.notDeepEqual(session(TEST, "ada"), session(TEST, "bob"));
  assert.notDeepEqual(session(TEST, "ada"), session({ ...TEST, seed: 4 }, "ada"));
});

test("trials differ, repeats show earlier ones with sides changed, traps are as many as asked", () => {
  for (const observer of ["ada", "bob", "eve", "mel", "zoe"]) {
    const list = session(TEST, observer);
    const of = (kind) => list.filter((one) => one.kind === kind);
    assert.deepEqual([of("trial").length, of("repeat").length, of("trap").length], [8, 2, 3]);
    assert.equal(new Set(of("trial").map(both)).size, 8);
    for (const again of of("repeat")) {
      const first = list.findIndex((one) => one.kind === "trial" && both(one) === both(again));
      assert.ok(first >= 0 && first < list.indexOf(again) - 1);
      assert.deepEqual([list[first].left, list[first].right], [again.right, again.left]);
    }
  }
});

test("each side is as likely, and every pair", () => {
  const counts = new Map();
  let lefts = 0;
  for (let number = 0; number < 400; number += 1) {
    for (const one of session(TEST, `observer ${number}`).filter(({ kind }) => kind === "trial")) {
      counts.set(both(one), (counts.get(both(one)) ?? 0) + 1);
      lefts += one.left < one.right;
    }
  }
  assert.ok(Math.abs(lefts / 3200 - 0.5) < 0.04);
  assert.equal(counts.size, 45);
  assert.ok(Math.min(...counts.values()) > 40 && Math.max(...counts.values()) < 105);
});

test("a shuffle keeps what it shuffles, and numbers are from 0 up to 1", () => {
  const random = generator("text");
  assert.deepEqual(shuffled([1, 2, 3, 4], random).sort(), [1, 2, 3, 4]);
  const numbers = Array.from({ length: 5000 }, random);
  assert.ok(numbers.every((one) => one >= 0 && one < 1));
  assert.ok(Math.abs(numbers.reduce((sum, one) => sum + one) / 5000 - 0.5) < 0.02);
});

test("a file of answers has the images that were compared and no others", () => {
  const given = [{ kind: "trial", left: ids[0], right: ids[1], better: "left", seconds: 1 }];
  const made = sheet(TEST, "ada", "now", { scaled: false }, given);
  assert.deepEqual(Object.keys(made.stimuli), [ids[0], ids[1]]);
  assert.equal(made.simulated, false);
  assert.equal(fileName(TEST, "ada l./x"), "made-ada-l-x.json");
  assert.equal(originalOf(TEST, ids[0]), ids[10]);
});
