// The rows of the study's tables, and what is looked up in them.

/** The rows of a table of columns as objects that look up their values. */
export function rows(table) {
  const texts = (name, i) => table[name].texts[table[name].places[i]];
  return table.bpp.map((_, i) => ({
    set: texts("image_set", i), image: table.image ? texts("image", i) : "", codec: texts("codec", i),
    quality: texts("quality", i), reason: texts("reason", i),
    get: (name) => (table[name][i] === "inf" ? Infinity : table[name][i] === "-inf" ? -Infinity : table[name][i]),
    has: (name) => table[name] !== undefined,
  }));
}

/** A function that finds the row of a cell, also among rows that the list is given later; undefined for one that isn't there. */
export function finder(list) {
  const key = (...parts) => parts.join("\n"), known = new Map();
  let seen = 0;
  return (set, image, codec, quality) => {
    for (; seen < list.length; seen++) known.set(key(list[seen].set, list[seen].image, list[seen].codec, list[seen].quality), list[seen]);
    return known.get(key(set, image, codec, quality));
  };
}

/** The files whose rows are needed to show an image, or all images of a set, and that were not asked for. */
export function lacking(files, { set, image, curve, whole }) {
  const has = (file) => whole || file.images.includes(image) || file.images.includes(curve);
  return files.filter((file) => !file.asked && file.set === set && has(file));
}

/** The quality whose value (a rate, a score) is nearest to a number: the first one if none has a finite value. */
export function nearestQuality(qualities, valueOf, wanted) {
  let best = qualities[0], least = Infinity;
  for (const quality of qualities) {
    const value = valueOf(quality) ?? null;
    if (value !== null && Math.abs(value - wanted) < least) [best, least] = [quality, Math.abs(value - wanted)];
  }
  return best;
}

/** Rows of arithmetic means over images of each codec and quality; a value that an image lacks has no mean. */
export function averages(list) {
  const cells = new Map();
  for (const row of list) {
    const key = [row.codec, row.quality].join("\n");
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(row);
  }
  const mean = (values) => (values.includes(null) ? null : values.reduce((sum, value) => sum + value, 0) / values.length);
  return [...cells.values()].map((members) => ({
    set: members[0].set, image: "", codec: members[0].codec, quality: members[0].quality,
    reason: members.find((row) => row.reason)?.reason ?? "",
    get: (name) => (name === "n" ? members.length : mean(members.map((row) => row.get(name)))),
    has: (name) => name === "n" || (name !== "bytes" && members[0].has(name)),
  }));
}

/** The members of a list by a property, in the order of their first appearance. */
export function grouped(list, property) {
  const groups = new Map();
  for (const member of list) groups.set(member[property], [...(groups.get(member[property]) ?? []), member]);
  return groups;
}

/** Numbers by value and before texts, empty cells last either way: for Array.sort. */
export function order(a, b, up) {
  if (a === "" || b === "") return (a === "") - (b === "");
  const [x, y] = [a, b].map((text) => Number(text.replace("inf", "Infinity")));
  const known = [x, y].map((value) => !Number.isNaN(value));
  const less = known[0] && known[1] ? (x === y ? 0 : x - y) : known[0] !== known[1] ? known[1] - known[0] : a.localeCompare(b);
  return up ? less : -less;
}

/** The codecs that are hidden after some were chosen: these hidden, or shown if all of them are hidden. */
export function toggled(off, ids) {
  const others = off.filter((id) => !ids.includes(id));
  return ids.every((id) => off.includes(id)) ? others : [...others, ...ids];
}
