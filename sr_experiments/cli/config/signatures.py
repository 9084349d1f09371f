"""Names and types of arguments, read from source; to import torch takes seconds."""

import ast
import importlib.util
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from annotated_types import Ge, Gt

_PLAIN = {t.__name__: t for t in (str, int, float, bool, list, dict, tuple, set)}
_GENERIC = ("Sequence", "Mapping", "Iterable", "Optional", "Union", "Literal", "List", "Dict")
_LIMITS = {"Ge": Ge, "Gt": Gt}
_DEEPEST = 8  # imports and aliases that are followed


@dataclass(frozen=True)
class Signature:
    """What a class or function takes: a type for each name, ``Any`` where source does not tell."""

    hints: Mapping[str, Any]
    open_ended: bool


@cache
def read_signature(target: str) -> Signature | None:
    """The signature of a ``_target_``; None where source does not tell."""
    module, _, name = target.rpartition(".")
    found = _find(module, name) if module else None
    return _signature(*found) if found else None


def _signature(module: str, node: ast.AST) -> Signature | None:
    if isinstance(node, ast.ClassDef):
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and part.name == "__init__":
                return _signature(module, part)
        if any("dataclass" in ast.unparse(d) for d in node.decorator_list):
            fields = [p for p in node.body if isinstance(p, ast.AnnAssign)]
            types = {ast.unparse(f.target): _type(module, f.annotation) for f in fields}
            return Signature(types, open_ended=bool(node.bases))
        inherited = _find(module, ast.unparse(node.bases[0])) if node.bases else None
        return _signature(*inherited) if inherited else None
    if not isinstance(node, ast.FunctionDef):
        return None
    taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    hints = {a.arg: _type(module, a.annotation) if a.annotation else Any for a in taken}
    hints.pop("self", None)
    return Signature(hints, node.args.kwarg is not None)


def _type(module: str, node: ast.expr, depth: int = 0) -> Any:
    """The type that an annotation means; ``Any`` for classes and whatever is not plain."""
    if depth > _DEEPEST:
        return Any
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            return _type(module, ast.parse(node.value, mode="eval").body, depth + 1)
        return node.value
    if isinstance(node, ast.BinOp):
        return typing.Union[_type(module, node.left, depth), _type(module, node.right, depth)]  # noqa: UP007
    if isinstance(node, ast.Subscript):
        return _generic(module, node, depth)
    if not isinstance(node, ast.Name):
        return Any
    if node.id in _PLAIN:
        return _PLAIN[node.id]
    if node.id in _GENERIC:
        return getattr(typing, node.id)
    found = _find(module, node.id)
    if found and isinstance(found[1], ast.expr):  # an alias
        return _type(found[0], found[1], depth + 1)
    return Any


def _generic(module: str, node: ast.Subscript, depth: int) -> Any:
    if ast.unparse(node.value) == "Annotated":
        return _annotated(module, node, depth)
    base = _type(module, node.value, depth)
    if base is Any:
        return Any
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if base is typing.Literal:
        try:
            return typing.Literal[tuple(ast.literal_eval(part) for part in inner)]
        except ValueError:
            return Any
    parts = tuple(_type(module, part, depth) for part in inner)
    try:
        return base[parts if len(parts) > 1 else parts[0]]
    except TypeError:
        return Any


def _annotated(module: str, node: ast.Subscript, depth: int) -> Any:
    """A number and its limit, as ``Annotated[int, Ge(1)]``."""
    match node.slice:
        case ast.Tuple([number, ast.Call(ast.Name(name), [ast.Constant(limit)])]):
            return typing.Annotated[_type(module, number, depth), _LIMITS[name](limit)]
    return Any


def _find(module: str, name: str, depth: int = 0) -> tuple[str, ast.AST] | None:
    """Where a name is defined, through imports: the module, and the node or an alias's value."""
    tree = _tree(module)
    if tree is None or depth > _DEEPEST:
        return None
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return module, node
        if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [name]:
            return module, node.value
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name and not node.level and node.module:
                    return _find(node.module, alias.name, depth + 1)
    return None


@cache
def _tree(module: str) -> ast.Module | None:
    top, _, rest = module.partition(".")
    try:
        spec = importlib.util.find_spec(top)  # of a package itself; that imports nothing
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin)
    if rest:
        path = path.parent.joinpath(*rest.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None
