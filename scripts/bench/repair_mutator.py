"""Runs in the interpreter that has Cosmic Ray: lists mutations of files, or writes one mutated source to stdout.

``repair_mutator.py list FILE...`` gives a JSON list of [file, operator, occurrence, line, column, end line, end
column];
``repair_mutator.py make FILE OPERATOR OCCURRENCE`` gives the mutated text.
"""

import json
import sys
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code


def source_of(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        return file.read()


def every_mutation(paths):
    operators = {name: cosmic_ray.plugins.get_operator(name) for name in cosmic_ray.plugins.operator_names()}
    plain = {name: operator() for name, operator in operators.items() if not operator.arguments()}
    for path in paths:
        nodes = list(ast_nodes(get_ast(source_of(path))))
        for name, operator in sorted(plain.items()):
            places = (place for node in nodes for place in operator.mutation_positions(node))
            for occurrence, (start, end) in enumerate(places):
                yield [path, name, occurrence, *start, *end]


if sys.argv[1] == "list":
    json.dump(list(every_mutation(sys.argv[2:])), sys.stdout)
else:
    operator = cosmic_ray.plugins.get_operator(sys.argv[3])()
    sys.stdout.reconfigure(encoding="utf-8", newline="")
    sys.stdout.write(mutate_code(source_of(sys.argv[2]), operator, int(sys.argv[4])))
