"""A page from a study's tables: gathers them, fills the template, puts images and the chart library beside it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from study.core import atomic_io, readers
from study.core import results as core_results
from study.core.errors import StudyError, allowed
from study.figures import palette
from study.page import best, payload, row_files, rule_graph, trust
from study.page import claims as page_claims
from study.page import latents as page_latents
from study.page import links as page_links
from study.page import script as page_script
from study.page import tables as page_tables

HERE = Path(__file__).parent
STYLES = ("page", "sections")
TEMPLATES = ("index", "best", "chart", "claims", "images", "latents", "macros", "trust")
PARTS = (*(f"templates/{name}.html.j2" for name in TEMPLATES), *(f"static/{name}.css" for name in STYLES))
LARGEST_MATRIX = 40  # codecs, beyond which a matrix of all pairs is nothing to look at
LIBRARY = "page/plotly.min.js"
BASIC = Path(sys.prefix, "chart/node_modules/plotly.js-basic-dist-min/plotly-basic.min.js")
NEEDED = ("study", "config", "metrics", "sets", "codecs", "files", "locks", "graph")
OPINIONS = {
    "opinions_scale": ("image_set", "rate", "codec", "strength", "lo", "hi", "answers", "observers", "bpp"),
    "opinions_metrics": (
        "image_set", "rate", "metric", "spearman", "spearman_lo", "spearman_hi", "agreement", "agreement_lo",
        "agreement_hi", "decided", "codecs",
    ),
    "opinions_observers": (
        "observer", "counted", "reason", "answers", "undecided", "traps", "traps_right", "repeats", "repeats_same",
        "agreement", "seconds", "scaled", "simulated",
    ),
}  # fmt: skip
TITLES = {
    "opinions_scale": "Strengths of the codecs at each rate, in log-odds",
    "opinions_metrics": "Rank correlation of each metric with the strengths, and answers that agree with it",
    "opinions_observers": "Observers",
    "published_check": "Means against published ones",
    "published_bd": "BD-rates against published curves, in %",
    "audit": "Audit: what is bit-exact when it is encoded and decoded again",
    "claims": "Verdicts",
    "claims_comparisons": "Comparisons of codecs",
    "claims_edits": "Edits of latents",
}
_KNOWN = (
    "rd.csv", "means.csv", "codecs.csv", "bd.csv", "head_to_head.csv", "complexity.csv", "timing.csv", "published.csv",
    "published_check.csv", "published_bd.csv", "audit.csv", "claims.csv", "claims_comparisons.csv", "claims_edits.csv",
)  # fmt: skip


def parts_hash() -> str:
    """16 hex digits of the content of the page's template, style and script."""
    digest = hashlib.sha256(page_script.joined().encode())
    for name in PARTS:
        digest.update(f"{name}\0".encode() + (HERE / name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def build(plan: Mapping, results: Path, out: Path) -> None:
    """Write the page `out` into the study's folder, after all that it needs beside it.

    `plan` is what `payloads.page` gives; `results` is the folder of the records. The same records, tables and plan give
    the same bytes. Raises StudyError for a plan that lacks a key, and for tables and files that are not there.
    """
    for key in NEEDED:
        if key not in plan:
            raise StudyError(f"the page's plan has no {key!r}; {allowed(key, plan)}")
    folder = out.parent
    tables = {name: _read(folder / name) for name in _KNOWN if name in plan["files"]}
    rows = {Path(name).stem: table for name, table in tables.items()}
    if absent := [name for name in ("rd", "means", "codecs") if name not in rows]:
        raise StudyError(f"the page needs {absent[0]}.csv among the plan's files; {allowed(absent[0], plan['files'])}")
    known = palette.styles(rows["codecs"])
    cells = [(name, str(quality)) for name, entry in plan["codecs"].items() for quality in entry["qualities"]]
    maps = "flip" in plan["metrics"]
    links = page_links.links(results, plan["sets"], cells, maps)
    images = {
        name: [row | {"part": part} for part in parts for row in _read(Path(core_results.images(part, results)))]
        for name, parts in plan["sets"].items()
    }
    experiments = page_latents.experiments(plan["files"], folder, results, links, known)
    first, *others = row_files.groups(rows["rd"])
    data = payload.study(plan, rows | {"rd": first}, images, known, links)
    data["rows"] = row_files.write(folder, others, plan["metrics"])
    text = render(
        {
            "plan": plan,
            "data": payload.as_text(data),
            "script": page_script.joined(),
            "css": css(),
            "library": LIBRARY,
            **_sections(plan, rows, known, folder),
            "latents": experiments,
            "single_channels": page_latents.single_channels(experiments),
            "latent_data": payload.as_text([group["views"] for group in experiments]),
            "maps": maps,
        }
    )
    page_links.write(folder, links)
    copy_library(folder / LIBRARY)
    atomic_io.write_text(out, text)


def css() -> str:
    """The page's style."""
    return "\n".join((HERE / "static" / f"{name}.css").read_text(encoding="utf-8") for name in STYLES)


def render(context: Mapping, template: str = "index.html.j2") -> str:
    """A page's HTML."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(context)


def _sections(plan: Mapping, rows: Mapping[str, list], known: Mapping[str, palette.Style], folder: Path) -> dict:
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    config = json.dumps(plan["config"], indent=2, ensure_ascii=False)
    cells = {record["rule"]: record["records"] for record in provenance["records"] if record["rule"] != "fetch_images"}
    bd_rows = rows.get("bd", [])
    anchor = bd_rows[0]["anchor"] if bd_rows else ""
    cards = page_claims.cards(
        rows.get("claims", ()), rows.get("claims_comparisons", ()), rows.get("claims_edits", ()), known
    )
    pairs = rows.get("head_to_head", []) if len(known) <= LARGEST_MATRIX else []
    return {
        "rankings": best.rankings(bd_rows, known),
        "matrices": best.matrices(pairs, known, anchor),
        "bd": page_tables.bd_matrices(bd_rows, known) if bd_rows else [],
        "bd_images": page_tables.bd_images(bd_rows, known),
        "bd_worst": page_tables.worst_images(bd_rows, known),
        "means": page_tables.means(rows["means"], plan["metrics"], known),
        "costs": page_tables.costs(rows["rd"], rows.get("complexity", []), known, rows.get("timing", [])),
        "missing": page_tables.missing(rows["rd"], known),
        "claims": cards,
        "claim_counts": page_claims.counted(cards),
        "claim_tables": _tables(rows, page_claims.COLUMNS),
        "statements": trust.statements(rows, provenance, len(provenance["packages"])),
        "check": _tables(rows, trust.COLUMNS),
        "opinions": _opinions(plan, folder),
        "exports": [name for name in plan["files"] if name.startswith("exports/")],
        "figures": _figures(plan["files"]),
        "provenance": provenance,
        "times": [(stage, sum(float(row[stage] or 0) for row in rows["rd"])) for stage in ("encode_s", "decode_s")],
        "config": config,
        "config_hash": hashlib.sha256(config.encode()).hexdigest()[:16],
        "codec_rows": rows["codecs"],
        "workflow": rule_graph.drawing(plan["graph"]["edges"], cells),
    }


def _tables(rows: Mapping[str, list], columns: Mapping[str, Sequence[str] | None]) -> list[page_tables.Table]:
    """Those of the tables that the study has, with the columns chosen."""
    return [
        page_tables.generic(
            TITLES.get(name) or name.replace("_", " ").capitalize(), rows[name], f"{name}.csv", columns=chosen
        )
        for name, chosen in columns.items()
        if name in rows
    ]


def _opinions(plan: Mapping, folder: Path) -> dict:
    """Tables and figures of the opinion test, who answered, and whether it is simulated; no tables without answers."""
    names = [name for name in plan["files"] if name.startswith("opinions_")]
    shown = [name for name in plan["files"] if PurePosixPath(name).name == "opinions.png"]
    simulated = any(row["simulated"] == "yes" for name in names for row in _read(folder / name))
    rows = {Path(name).stem: _read(folder / name) for name in names if name.endswith(".csv")}
    observers = rows.get("opinions_observers", [])
    return {
        "tables": _tables(rows, OPINIONS),
        "figures": shown,
        "simulated": simulated,
        "observers": len(observers),
        "counted": sum(row["counted"] == "yes" for row in observers),
        "answers": sum(int(row["answers"]) for row in observers if row["counted"] == "yes"),
    }


def _figures(names: Sequence[str]) -> dict[str, list[tuple[str, list[str]]]]:
    """For each image set its figures, but those of single images: (name, paths)."""
    by_set: dict[str, dict[str, list[str]]] = {}
    for name in names:
        path = PurePosixPath(name)
        if path.parts[0] == "figures" and len(path.parts) == 3 and path.parts[1] != "latents":
            by_set.setdefault(path.parts[1], {}).setdefault(path.stem, []).append(name)
    return {image_set: sorted(figures.items()) for image_set, figures in by_set.items()}


def _read(path: Path) -> list[dict[str, str]]:
    try:
        return readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; the study's jobs write it") from None


def library() -> Path:
    """Plotly's script: its basic bundle where `make` could install it into the environment, else the whole one.

    The basic one has all that the chart draws, and a browser starts it in a third of the time. Raises StudyError.
    """
    return BASIC if BASIC.is_file() else whole_library()


def whole_library() -> Path:
    """The script in Plotly's Python package, which isn't imported. Raises StudyError."""
    package = importlib.util.find_spec("plotly")
    if package is None or not package.submodule_search_locations:
        raise StudyError(
            "the package plotly is not installed, whose script draws the page's charts; pip install plotly"
        )
    source = Path(package.submodule_search_locations[0], "package_data", "plotly.min.js")
    if not source.is_file():
        raise StudyError(f"the package plotly has no {source.name}; envs/study.txt names a version that has")
    return source


def copy_library(target: Path, source: Path | None = None) -> None:
    """Copy Plotly's script, by default that of `library`. Raises StudyError."""
    source = source or library()
    if not target.is_file() or target.stat().st_size != source.stat().st_size:
        with atomic_io.replacing(target) as temporary:
            shutil.copyfile(source, temporary)
