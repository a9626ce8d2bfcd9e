"""What a machine can check of the way the code is written. Not style that ruff knows, nor layers (the import contract).

Each rule takes one `Module` and the `Repository` around it and yields `Finding`s. `RULES` names them all; `test_tidy.py` runs
them on the tree, and feeds each one bad text that it must find.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70

PURE_ROOMS = frozenset(
    {
        *("records", "trace", "watch", "orders", "procedure", "staff", "cases", "figures"),
        *("returns", "journal", "care"),
    }
)
"""Rooms that read no clock, random source, environment, file, socket or logger: what they need arrives as an argument."""

VALUES = frozenset({"amount_words.py", "money.py", "limits.py", "errors.py", "unrecognised.py"})
"""Files beside the rooms that are as pure."""

MONEY = frozenset({"records", "money.py"})
"""Where no float may be."""


@dataclass(frozen=True)
class Finding:
    """One thing to put right, and where."""

    path: str
    line: int
    rule: str
    what: str

    def __str__(self) -> str:
        """Return the form that editors open: path:line: rule: what."""
        return f"{self.path}:{self.line}: {self.rule}: {self.what}"


@dataclass(frozen=True)
class Module:
    """One Python file; `path` is relative to the repository, with forward slashes."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @property
    def room(self) -> str:
        """Name of the folder or file below src/recoup: 'trace', 'money.py'; '' outside the package."""
        parts = PurePosixPath(self.path).parts
        return parts[2] if parts[:2] == ("src", "recoup") else ""

    @property
    def is_pure(self) -> bool:
        """Whether the file lies in a room that may not look outside."""
        return self.room in PURE_ROOMS | VALUES


@dataclass(frozen=True)
class Repository:
    """What rules must know beyond the one file."""

    anchors: frozenset[str] = frozenset()
    """Anchors of docs/LAW.md."""
    set_attributes: frozenset[str] = frozenset()
    """Attributes that some class of the package annotates as a set."""


Rule = Callable[[Module, Repository], Iterator[tuple[int, str]]]
RULES: dict[str, Rule] = {}


EXEMPT = {
    ("ambient", "src/recoup/trace/kernels/compiled.py"): (
        "looks for a folder that keeps compiled kernels; no figure depends on it"
    ),
}
"""Exceptions by rule and file, each with its reason; one that is no longer needed fails the tests."""


def rule(check: Rule) -> Rule:
    """Enter `check` into `RULES` under its own name."""
    RULES[check.__name__] = check
    return check


# --- pure rooms look nowhere -------------------------------------------------------------------------------------------

_AMBIENT_IMPORTS = frozenset(
    "asyncio getpass logging multiprocessing os random secrets shutil socket sqlite3 structlog subprocess tempfile"
    " threading time urllib uuid".split()
)
_AMBIENT_NAMES = frozenset({"open", "print", "input", "breakpoint"})
_AMBIENT_ATTRIBUTES = frozenset(
    "now utcnow today read_text read_bytes write_text write_bytes read_csv read_parquet read_excel read_ipc read_json"
    " read_ndjson scan_csv scan_parquet write_csv write_parquet write_excel write_ipc write_json write_ndjson"
    " default_rng sample shuffle".split()
)


@rule
def ambient(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A pure room reads a clock, a random source, the environment, a file, a socket or a logger."""
    if not module.is_pure:
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                for name in names:
                    if name.name.partition(".")[0] in _AMBIENT_IMPORTS:
                        yield node.lineno, f"a pure room imports {name.name}"
            case ast.ImportFrom(module=str(source), level=0):
                if source.partition(".")[0] in _AMBIENT_IMPORTS:
                    yield node.lineno, f"a pure room imports from {source}"
            case ast.Call(func=ast.Name(id=name)) if name in _AMBIENT_NAMES:
                yield node.lineno, f"a pure room calls {name}()"
            case ast.Call(func=ast.Attribute(attr=name)) if name in _AMBIENT_ATTRIBUTES:
                yield node.lineno, f"a pure room calls .{name}()"
            case ast.Attribute(value=ast.Name(id="np" | "numpy"), attr="random"):
                yield node.lineno, "a pure room uses numpy's random source"


# --- money is never a float --------------------------------------------------------------------------------------------


@rule
def float_money(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A float, a float type or a true division where money is handled."""
    if module.room not in MONEY:
        return
    for node in ast.walk(module.tree):
        match node:
            case ast.Name(id="float") | ast.Constant(value=float()):
                yield node.lineno, "a float near money"
            case ast.Attribute(attr=name) if re.fullmatch(r"[Ff]loat(16|32|64)?_?", name):
                yield node.lineno, f"the float type {name} near money"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "a true division near money: use // or split()"


# --- no order out of sets ----------------------------------------------------------------------------------------------

_ORDER_BLIND = frozenset("sorted min max sum len any all set frozenset bool".split())
_ORDER_TAKING = frozenset(
    "list tuple enumerate iter next zip map filter reversed dict join extend".split()
)
_SET_METHODS = frozenset("union intersection difference symmetric_difference".split())


@dataclass
class _SetFinder(ast.NodeVisitor):
    """Finds places where the order of a set becomes the order of something else. One function at a time knows its names."""

    attributes: frozenset[str]
    names: set[str] = field(default_factory=set)
    found: list[int] = field(default_factory=list)

    def is_set(self, node: ast.expr) -> bool:
        match node:
            case ast.Set() | ast.SetComp():
                return True
            case ast.Call(func=ast.Name(id="set" | "frozenset")):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr=name)) if name in _SET_METHODS:
                return self.is_set(value)
            case ast.BinOp(op=ast.BitOr() | ast.BitAnd() | ast.Sub() | ast.BitXor()):
                return self.is_set(node.left) or self.is_set(node.right)
            case ast.Name(id=name):
                return name in self.names
            case ast.Attribute(attr=name):
                return name in self.attributes
        return False

    def take(self, node: ast.expr) -> None:
        if self.is_set(node):
            self.found.append(node.lineno)

    def visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        outer, self.names = self.names, set(self.names)
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for argument in given:
            (self.names.add if _is_set_type(argument.annotation) else self.names.discard)(
                argument.arg
            )
        self.generic_visit(node)
        self.names = outer

    visit_FunctionDef = visit_AsyncFunctionDef = visit_function  # noqa: N815 - names that ast calls

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                (self.names.add if self.is_set(node.value) else self.names.discard)(target.id)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if isinstance(node.target, ast.Name) and _is_set_type(node.annotation):
            self.names.add(node.target.id)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self.take(node.iter)
        self.generic_visit(node)

    def visit_List(self, node: ast.List | ast.Tuple) -> None:
        for element in node.elts:
            if isinstance(element, ast.Starred):
                self.take(element.value)
        self.generic_visit(node)

    visit_Tuple = visit_List  # noqa: N815

    def visit_ListComp(self, node: ast.ListComp | ast.GeneratorExp | ast.DictComp) -> None:
        for generator in node.generators:
            self.take(generator.iter)
        self.generic_visit(node)

    visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815

    def visit_Call(self, node: ast.Call) -> None:
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        arguments = list(node.args)
        if name in _ORDER_BLIND and isinstance(node.func, ast.Name):
            # sorted(x for x in some_set): the order that comes out is not the set's.
            for argument in arguments:
                if isinstance(argument, ast.GeneratorExp | ast.ListComp):
                    for part in ast.iter_child_nodes(argument):
                        self.generic_visit(part)
                else:
                    self.visit(argument)
            for keyword in node.keywords:
                self.visit(keyword)
            return
        for argument in arguments:
            starred = isinstance(argument, ast.Starred)
            if name in _ORDER_TAKING or starred:
                self.take(argument.value if starred else argument)
        self.generic_visit(node)


def _is_set_type(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    parts = [annotation]
    while parts and isinstance(parts[-1], ast.BinOp):  # frozenset[str] | None
        union = parts.pop()
        parts += [union.left, union.right]
    names = [part.value if isinstance(part, ast.Subscript) else part for part in parts]
    return any(
        isinstance(name, ast.Name) and name.id in {"set", "frozenset", "Set", "AbstractSet"}
        for name in names
    )


def set_attributes(modules: list[Module]) -> frozenset[str]:
    """Return the attributes that classes of pure rooms annotate as sets, and no class as something else."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for module in modules:
        for node in ast.walk(module.tree) if module.is_pure else ():
            for line in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                    found[_is_set_type(line.annotation)].add(line.target.id)
    return frozenset(found[True] - found[False])


@rule
def set_order(module: Module, repository: Repository) -> Iterator[tuple[int, str]]:
    """The order of a set, which differs from run to run, becomes the order of something in a pure room."""
    if not module.is_pure:
        return
    finder = _SetFinder(repository.set_attributes)
    finder.visit(module.tree)
    for line in sorted(set(finder.found)):
        yield line, "iterates over a set: sort it first"


# --- sizes and words ---------------------------------------------------------------------------------------------------


@rule
def long_file(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A file of the package has more lines than one subject needs."""
    lines = module.text.count("\n")
    if module.room and lines > FILE_LINES_MAX:
        yield 1, f"{lines} lines, at most {FILE_LINES_MAX}"


@rule
def long_function(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A function of the package is too long, its docstring not counted."""
    if not module.room:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= node.body[0].end_lineno - node.body[0].lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines, at most {FUNCTION_LINES_MAX}"


_LATER = re.compile(r"\b(?:TODO|FIXME|HACK)\b")
_PENDING = re.compile(rf"({_LATER.pattern})(?!\s*\(?#\d+)")


@rule
def todo_without_issue(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A comment puts work off without saying where it is written down."""
    if not _LATER.search(module.text):  # taking a file apart costs a hundred times the look
        return
    for token in tokenize.generate_tokens(io.StringIO(module.text).readline):
        if token.type == tokenize.COMMENT and (match := _PENDING.search(token.string)):
            yield token.start[0], f"{match[1]} without issue number, as in {match[1]}(#12)"


@rule
def no_docstring(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A module of the package does not say what it is."""
    if module.room and not ast.get_docstring(module.tree):
        yield 1, "the first line says what the module is, and what it is not"


_HOMELESS = frozenset("utils util helpers helper common misc manager base shared".split())


@rule
def homeless_name(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A file or folder is named after no subject."""
    path = PurePosixPath(module.path)
    for part in (*path.parts[:-1], path.stem):
        if part.strip("_") in _HOMELESS:
            yield 1, f"'{part}' is no subject: the model lacks a noun"


# --- public names ------------------------------------------------------------------------------------------------------


def _names_bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.If(body=inner, orelse=other):
                yield from _names_bound([*inner, *other])
            case ast.ImportFrom(module=source, level=level, names=names):
                if level or (source or "").partition(".")[0] == "recoup":
                    yield from (name.asname or name.name for name in names)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))


@rule
def public_names(module: Module, _: Repository) -> Iterator[tuple[int, str]]:
    """A package's `__init__` shows names that `__all__` does not list, or the other way round."""
    if not module.room or not module.path.endswith("__init__.py"):
        return
    bound = set(_names_bound(module.tree.body))
    public = {name for name in bound if not name.startswith("_")}
    # An import that the file's own code uses is a tool, not an offer.
    nodes = list(ast.walk(module.tree))
    imported = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    public -= imported & {node.id for node in nodes if isinstance(node, ast.Name)}
    listed = next(
        (
            node
            for node in module.tree.body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            and "__all__"
            in {getattr(t, "id", "") for t in getattr(node, "targets", [])}
            | {getattr(getattr(node, "target", None), "id", "")}
        ),
        None,
    )
    if listed is None:
        if public:
            yield 1, f"no __all__, yet public: {', '.join(sorted(public))}"
        return
    try:
        names = list(ast.literal_eval(listed.value))
    except (ValueError, TypeError):
        yield listed.lineno, "__all__ is not a plain list of names"
        return
    for name in sorted(public - set(names)):
        yield listed.lineno, f"{name} is public and not in __all__"
    is_lazy = "__getattr__" in bound  # then names come when asked for; test_tidy asks for each
    for name in sorted(set(names) - bound):
        if not is_lazy:
            yield listed.lineno, f"__all__ lists {name}, which is not there"
    if len(names) != len(set(names)):
        yield listed.lineno, "__all__ lists a name twice"


ENTRIES = frozenset({"recoup", "recoup.cli", "recoup.__main__", "recoup.rehearse.learning"})
"""Modules that a user reaches without an import in the package."""


def module_name(path: str) -> str:
    """Return the dotted name of a file of the package: src/recoup/trace/__init__.py is recoup.trace."""
    name = path.removeprefix("src/").removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def dead_files(modules: list[Module]) -> list[str]:
    """Return the files of the package that nothing imports, starting from the entries. Lazy imports count."""
    by_name = {module_name(module.path): module for module in modules if module.room}
    pending, reached = sorted(ENTRIES & by_name.keys()), set[str]()
    while pending:
        name = pending.pop()
        if name in reached:
            continue
        reached.add(name)
        named = {name.rpartition(".")[0]}  # importing a module imports its package
        for node in ast.walk(by_name[name].tree):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                source = node.module or ""
                if node.level:
                    here = name.split(".") + ["__init__"] * by_name[name].path.endswith(
                        "__init__.py"
                    )
                    source = ".".join([*here[: -node.level], *filter(None, [source])])
                named |= {source, *(f"{source}.{alias.name}" for alias in node.names)}
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # importlib.import_module("recoup.bench"), a table of lazy names, "module:function"
                named |= {node.value.partition(":")[0]}
        pending += sorted(named & by_name.keys() - reached)
    return sorted(module.path for name, module in by_name.items() if name not in reached)


# --- law ---------------------------------------------------------------------------------------------------------------

CITATION = re.compile(r"\[([a-z][a-z0-9-]*) (?:art\. (\d+)(?:\(\d+\))*|(\d{4}))\]")
_LIKE_A_CITATION = re.compile(r"\[[^\[\]\n]{1,60}?\b[Aa]rt(?:icle)?\b\.? ?\d+[^\[\]\n]*\]")
_HEADING = re.compile(r"^#+ .*\{ ?#([a-z0-9-]+) ?\}\s*$", re.MULTILINE)


def law_anchors(text: str) -> frozenset[str]:
    """Return the anchors of the headings of docs/LAW.md."""
    return frozenset(_HEADING.findall(text))


def citations(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and anchor of every citation: `[return-rules art. 8(3)]` is `return-rules-art-8`."""
    for match in CITATION.finditer(text):
        law, article, year = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        yield line, f"{law}-art-{article}" if article else f"{law}-{year}"


@rule
def citation(module: Module, repository: Repository) -> Iterator[tuple[int, str]]:
    """A citation of law is misspelt or not explained in docs/LAW.md."""
    if not module.room:
        return
    for line, anchor in citations(module.text):
        if anchor not in repository.anchors:
            yield line, f"docs/LAW.md has no heading with the anchor {anchor}"
    for match in _LIKE_A_CITATION.finditer(module.text):
        if not CITATION.fullmatch(match[0]):
            line = module.text.count("\n", 0, match.start()) + 1
            yield line, f"{match[0]} is not of the form [law art. 7] or [case 1816]"


# --- any tracked text --------------------------------------------------------------------------------------------------

_PLACES = {
    # A bar cuts each pattern, so that this file does not find itself; it is taken out below.
    "a path of one machine": r"(?<![\w.:/~-])/(?:ho¦me|Us¦ers|ro¦ot|wo¦rk|mn¦t)/\w|[A-Z]:\\+Us¦ers\\",
    "an address of a package registry": r"pypi\.o¦rg|files\.python¦hosted|registry\.np¦mjs",
    "an option that names an index": r"--(?:extra-)?index-¦url|--find-¦links",
    "a path that leaves the repository": r"\.\./sha¦red/",
}
PLACES = {what: re.compile(pattern.replace("¦", "")) for what, pattern in _PLACES.items()}


def foreign_places(path: str, text: str) -> list[Finding]:
    """Return the paths and addresses in `text` that hold on one machine only."""
    return [
        Finding(
            path, text.count("\n", 0, match.start()) + 1, "foreign_place", f"{what}: {match[0]}"
        )
        for what, pattern in PLACES.items()
        for match in pattern.finditer(text)
    ]


CHANGE_KINDS = ("feature", "fix", "change", "security")
_FRAGMENT = re.compile(rf"\d+(\.\d+)?\.({'|'.join(CHANGE_KINDS)})\.md")


def misnamed_fragments(names: list[str]) -> list[str]:
    """Return the file names in changes/ that are neither a fragment nor the README."""
    return [name for name in names if name != "README.md" and not _FRAGMENT.fullmatch(name)]
