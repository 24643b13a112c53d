# What the page and the exports show of the workflow: commands, and the graph of rules.

from types import SimpleNamespace

LAST = "check_cells"
SPECS = ("spec", "plan", "edits")  # inputs that no rule makes
CARRIED = ("beside", "also")  # inputs whose makers others name, or that come with them


def shown_commands(codec, part, quality, spec, weights):
    """The commands that encode and decode an image set, as one would type them in the repository."""
    cell, python = Cell(part, part, codec, quality), environment.python(PLAN.environment(codec))
    common = f"--codec {shlex.quote(codec)} --quality {quality} {options({'spec': spec, 'weights': weights})}".strip()
    return {
        "encode": f"{python} scripts/{PLAN.encoder(quality)} {common} {shlex.join(PLAN.target_options(quality))}".rstrip()
        + f" --images {results.images(part)} --out {cell.encoded()}",
        "decode": f"{python} scripts/decode.py {common} --encoded {cell.encoded()} --out {cell.decoded()}",
    }


def shown_templates():
    """For each codec its commands with ${folder} and ${quality}, as codec-compare takes them."""
    return {codec: shown_commands(codec, "${folder}", "${quality}", None, None) for codec in PLAN.codecs}


def shown_codecs():
    """For each codec its commands at each quality with {set} for the image set."""
    commands = {}
    for codec, chosen in PLAN.qualities.items():
        given = {str(quality): codec_spec(codec, str(quality)) for quality in chosen}
        commands[codec] = {
            str(quality): list(
                shown_commands(
                    codec, "{set}", str(quality), given[str(quality)], PLAN.weights(codec, str(quality))
                ).values()
            )
            for quality in chosen
        }
    return commands


def rule_graph(rules):
    """Which of this workflow's rules uses what another makes, as far as `LAST` needs it, and the hashes of their code.

    Functions that give inputs are asked for some cells (one of each image set, of each codec, of each experiment).
    """
    last = next(one.name for one in rules if stored(f"{STUDY}/complete.txt") in one.output)
    prefix = last.removesuffix(LAST)  # of the rules of a module
    own = [one for one in rules if one.output and one.name.startswith(prefix)]
    cells = PLAN.cells()
    some = {**{cell.part: cell for cell in cells}, **{cell.codec: cell for cell in cells}}.values()
    asked = [SimpleNamespace(set=cell.part, codec=cell.codec, quality=cell.quality) for cell in some]
    asked += [SimpleNamespace(set=image_set) for image_set in PLAN.parts]
    for experiment in PLAN.study.latents:
        jobs = PLAN.latents.jobs(experiment)[:1]
        asked += [
            SimpleNamespace(experiment=experiment, set=job.part, codec=job.codec, quality=job.quality) for job in jobs
        ]
    makers = {str(output): one.name for one in own for output in one.output}
    patterns = [(one.name, output) for one in own for output in one.output if "{" in output]
    uses = set()
    for user in own:
        specs = {id(one) for name, given in user.input.items() if name in SPECS + CARRIED for one in _listed(given)}
        for path in {path for given in user.input if id(given) not in specs for path in _paths(given, asked)}:
            if path not in makers:
                makers[path] = next((name for name, output in patterns if output.match(path)), None)
            if makers[path] not in (None, user.name):
                uses.add((makers[path], user.name))
    needed, before = set(), {last}
    while before != needed:
        needed = before
        before = needed | {start for start, end in uses if end in needed}
    edges = sorted([start.removeprefix(prefix), end.removeprefix(prefix)] for start, end in uses if end in needed)
    hashes = {one.name.removeprefix(prefix): dict(one.params.items()).get("code") for one in own if one.name in needed}
    return {"edges": edges, "code": {name: text for name, text in sorted(hashes.items()) if isinstance(text, str)}}


def _listed(given):
    return [given] if isinstance(given, str) or callable(given) else given


def _paths(given, asked):
    if not callable(given):
        yield str(given)
        return
    for wildcards in asked:
        try:
            answer = given(wildcards)
        except (AttributeError, KeyError, StopIteration):
            continue
        yield from map(stored, [str(answer)] if isinstance(answer, str) else map(str, answer))
