// What one observer is asked, and the file of the answers.

import { generator, shuffled } from "./random.js";

/**
 * The comparisons of an observer, in order: {kind, left, right}, sides at random.
 *
 * Trials come first to last in random order; a repeat shows a trial of the first half again, with sides changed, in
 * the second half; traps, an original beside a bad image, are spread over all. The test's seed and the observer's name decide.
 */
export function session(test, observer) {
  const random = generator(`${test.seed}/${test.test}/${observer}`);
  const sides = ([first, second], kind) => (random() < 0.5 ? { kind, left: first, right: second } : { kind, left: second, right: first });
  const list = shuffled(test.pairs, random).slice(0, test.counts.trials).map((pair) => sides(pair, "trial"));
  const half = Math.ceil(list.length / 2);
  const again = shuffled(list.slice(0, half), random).slice(0, test.counts.repeats);
  for (const { left, right } of again) insert(list, { kind: "repeat", left: right, right: left }, half, random);
  const traps = [];
  while (traps.length < test.counts.traps && test.traps.length) traps.push(...shuffled(test.traps, random));
  for (const pair of traps.slice(0, test.counts.traps)) insert(list, sides(pair, "trap"), 0, random);
  return list;
}

function insert(list, one, from, random) {
  list.splice(from + 1 + Math.floor(random() * (list.length - from)), 0, one);
}

/** The file of answers, as `study.analysis.opinions.answers` reads it; `given` are {kind, left, right, better, seconds}. */
export function sheet(test, observer, started, screen, given) {
  const used = new Set(given.flatMap(({ left, right }) => [left, right]));
  const stimuli = Object.fromEntries(Object.entries(test.stimuli).filter(([id]) => used.has(id)));
  const { format, study, method, boosted } = test;
  return { format, study, test: test.test, observer, simulated: false, method, boosted, started, screen, stimuli, answers: given };
}

/** The name of that file. */
export function fileName(test, observer) {
  return `${test.study}-${observer.replace(/[^\p{L}\p{N}_-]+/gu, "-")}.json`;
}

/** The original beside which a stimulus is judged. */
export function originalOf(test, id) {
  const { image_set: set, image } = test.stimuli[id];
  return test.originals[`${set}/${image}`];
}
