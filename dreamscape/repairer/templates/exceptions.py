"""Exceptions: another type caught or raised, a missing ``raise``, a value guarded by ``try``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from dreamscape.domain.failures import FailureClass
from dreamscape.repairer.scope import EXCEPTIONS
from dreamscape.repairer.site import Change, Site
from dreamscape.repairer.templates.conditions import atoms

_RELATED = {
    "KeyError": ("IndexError", "LookupError", "AttributeError", "ValueError", "TypeError"),
    "IndexError": ("KeyError", "LookupError", "ValueError", "StopIteration"),
    "ValueError": ("TypeError", "KeyError", "IndexError", "OverflowError", "AttributeError"),
    "TypeError": ("ValueError", "AttributeError", "KeyError"),
    "AttributeError": ("KeyError", "TypeError", "ValueError"),
    "OSError": ("FileNotFoundError", "ValueError", "PermissionError"),
    "FileNotFoundError": ("OSError", "NotADirectoryError", "PermissionError"),
    "ZeroDivisionError": ("ValueError", "ArithmeticError", "TypeError"),
    "StopIteration": ("IndexError", "ValueError"),
    "ImportError": ("ModuleNotFoundError", "AttributeError"),
    "RuntimeError": ("ValueError", "NotImplementedError", "RecursionError"),
    "NotImplementedError": ("TypeError", "ValueError"),
    "UnicodeDecodeError": ("UnicodeError", "ValueError"),
}


def _types(site: Site) -> dict[str, float]:
    """Exception types worth trying here: what the tests wait for or saw first, then those of the project."""
    found = dict.fromkeys(site.clues.wanted_exceptions, 1.0)
    for name in site.clues.raised:
        if name not in ("AssertionError", "Failed"):
            found.setdefault(name, 0.8)
    for name in site.scope.globals:
        if name.endswith(("Error", "Exception", "Invalid", "Missing")):
            found.setdefault(name, 0.4)
    return found


def caught(site: Site) -> Iterator[Change]:
    """Another, a wider or one more type in an ``except`` clause around the statement."""
    around = [site.node, *site.module.around(site.node)]
    tries = [node for node in around if isinstance(node, ast.Try)][:2]
    for handler in (handler for node in tries for handler in node.handlers):
        start, _ = site.module.span(handler)
        if handler.type is None:
            for name, fit in (("Exception", 0.5), ("ValueError", 0.3)):
                yield site.splice(start + 6, start + 6, f" {name}", fit, f"only `{name}` caught")
            continue
        own = [site.text(each) for each in getattr(handler.type, "elts", [handler.type])]
        choices = _types(site)
        for name in own:
            is_known = name in EXCEPTIONS or name.partition(".")[0] in site.scope.globals
            for other in _RELATED.get(name, ()) if is_known else _RELATED:  # what does not exist may be meant for any
                choices.setdefault(other, 0.5)
        choices.setdefault("Exception", 0.4)
        for name, fit in choices.items():
            if name in own or not name.isidentifier():
                continue
            for text, share in ((f"({', '.join([*own, name])})", 1.0), (name, 0.9)):
                yield site.splice(*site.module.span(handler.type), text, share * fit, f"`{text}` caught")
        for left_out in own if len(own) > 1 else ():
            kept = [name for name in own if name != left_out]
            text = f"({', '.join(kept)})" if len(kept) > 1 else kept[0]
            yield site.splice(*site.module.span(handler.type), text, 0.6, f"only `{text}` caught")


def raised(site: Site) -> Iterator[Change]:
    """Another type raised."""
    if not isinstance(site.node, ast.Raise) or site.node.exc is None:
        return
    node = site.node.exc.func if isinstance(site.node.exc, ast.Call) else site.node.exc
    own = site.text(node)
    choices = _types(site)
    for other in _RELATED.get(own, ("ValueError", "TypeError", "KeyError")):
        choices.setdefault(other, 0.5)
    for name, fit in choices.items():
        if name != own and name.isidentifier():
            yield site.put(node, name, fit)


def missing_raise(site: Site) -> Iterator[Change]:
    """``raise`` of what a test waited for: before the statement, under a condition over what is in scope."""
    if site.function is None:
        return
    wanted = [name for name in site.clues.wanted_exceptions if name in EXCEPTIONS or name in site.scope.globals]
    if not wanted and site.clues.failure_class is FailureClass.DID_NOT_RAISE:
        wanted = ["ValueError"]
    for name in wanted[:2]:
        raising = f"raise {name}{_arguments(site, name)}"
        conditions = sorted(atoms(site), key=lambda each: -each[1])[:60]
        for parameter in site.scope.parameters:
            if parameter not in ("self", "cls"):
                conditions.append((f"not isinstance({parameter}, (int, float))", 0.4))
                conditions.append((f"not isinstance({parameter}, str)", 0.4))
        for condition, fit in conditions:
            yield from site.insert(f"if {condition}:\n    {raising}", min(1.0, fit), before=site.node)
        if isinstance(site.node, ast.Return | ast.Pass | ast.Expr):
            yield from site.rewrite([site.node], f"{site.module.indent(site.node)}{raising}\n", 0.6, f"`{raising}`")


def _arguments(site: Site, name: str) -> str:
    """A message in the style of the function's other raises of this kind, else none but the offender."""
    signature = site.project.signature(name)
    if signature and signature.names:
        known = [parameter for parameter in signature.names if parameter in site.scope.variables]
        return f"({', '.join(known)})" if known else "('invalid value')"
    first = next((each for each in site.scope.parameters if each not in ("self", "cls")), "")
    return f"(f'invalid {first}: {{{first}!r}}')" if first else "('invalid value')"


def raise_instead(site: Site) -> Iterator[Change]:
    """The statement in a ``try`` that turns the exception seen into the one that is waited for."""
    answers = {each: 1.0 for each in site.clues.wanted_exceptions if each in EXCEPTIONS or each in site.scope.globals}
    if site.clues.failure_class is FailureClass.WRONG_EXCEPTION:
        answers.setdefault("ValueError", 0.4)  # what callers tend to wait for
    for wanted, fit in answers.items():
        signature = site.project.signature(wanted)
        told = _arguments(site, wanted) if signature and signature.names else "(str(error))"
        for seen in _seen(site):
            if seen != wanted:
                yield from _try(site, f"{seen} as error", f"raise {wanted}{told} from error", fit)


def try_around(site: Site) -> Iterator[Change]:
    """The statement in a ``try`` that answers the exception seen with a usual value."""
    target = site.text(site.node.targets[0]) if isinstance(site.node, ast.Assign) else ""
    answers = [f"{target} = {value}" for value in ("None", "0", "[]", "''", "{}")] if target else []
    answers += [f"return {value}".rstrip() for value in ("None", "False", "0", "[]", "''")]
    if site.module.loop_of(site.node):
        answers += ["continue", "break"]
    for seen in _seen(site):
        for at, answer in enumerate([*answers, "pass"]):
            yield from _try(site, seen, answer, 0.8 - 0.04 * at)


def _seen(site: Site) -> list[str]:
    """The exceptions that ended the tests and may be caught."""
    raised = site.clues.raised
    return [name for name in raised if name in EXCEPTIONS and name not in ("AssertionError", "RecursionError")][:2]


def _try(site: Site, caught: str, answer: str, fit: float) -> Iterator[Change]:
    """The statement in a ``try``; nothing where it is a block or cannot be indented."""
    if not isinstance(site.node, ast.Assign | ast.Return | ast.Expr | ast.AugAssign):
        return
    indent, unit = site.module.indent(site.node), site.module.indent_unit
    code = site.module.body_code([site.node], shift=unit)
    if code is not None:
        text = f"{indent}try:\n{code}{indent}except {caught}:\n{indent}{unit}{answer}\n"
        yield from site.rewrite([site.node], text, fit, f"`except {caught}: {answer}` around it")
