"""Makes the classes of resources from the OpenAPI document of a server, with docstrings for `help()`."""

from __future__ import annotations

import inspect
import keyword
import re
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any
from urllib.parse import quote

from .resource import Operations, Resource

Json = Mapping[str, Any]

# Operations in the document, by the method of Operations that does them.
_OPERATIONS = {
    'list': 'list',
    'get': 'get',
    'create': 'create',
    'replace': 'replace',
    'patch': 'patch',
    'patchMany': 'patch',
    'delete': 'delete',
    'deleteMany': 'delete',
    'history': 'history',
}


def resources_in(document: Json) -> dict[str, type[Resource]]:
    """The class of each resource, by its name."""
    found: dict[str, dict[str, Any]] = {}
    for path, item in document.get('paths', {}).items():
        for method in ('get', 'post', 'put', 'patch', 'delete'):
            operation = item.get(method)
            # Lists below a row are lists of the same rows: a filter selects them.
            if not operation or 'x-resource' not in operation or 'x-through' in operation:
                continue
            name = operation['x-resource']
            if name == 'auth':
                continue
            members = found.setdefault(name, {'__doc__': _about(document, operation), '__module__': __name__})
            for word, member in _members(document, method.upper(), path, operation, members).items():
                members.setdefault(word, member)
    return {name: type(name, (Resource,), members) for name, members in found.items()}


def _members(document: Json, method: str, path: str, operation: Json, members: dict[str, Any]) -> dict[str, Any]:
    """The members of a class that an operation makes."""
    if 'x-file' in operation:
        file = {'GET': 'download', 'PUT': 'upload'}.get(method)
        return {file: _copy(file, operation)} if file else {}
    word = operation.get('x-operation', '')
    if not _is_standard(word, method, path):
        return {word: _action(document, method, path, operation)}
    own = _OPERATIONS[word]
    made = {'_path': path.split('/{')[0], own: _copy(own, operation)}
    if own in ('get', 'list'):
        made['live'] = _copy('live', {})
    if own == 'get':
        members['__doc__'] += _fields_of(document, operation)
    return made


def _is_standard(word: str, method: str, path: str) -> bool:
    """Whether it is an operation on rows. Actions may have the same names: POST /x/list, or GET /x."""
    if word not in _OPERATIONS or (method == 'POST' and (word != 'create' or path.endswith('/create'))):
        return False
    return word not in ('get', 'patch', 'delete') or path.endswith('}')


def _copy(word: str, operation: Json) -> FunctionType:
    """A copy of a method of Operations, with a docstring and a signature that `help()` shows well."""
    own = Operations.__dict__[word]
    copy = FunctionType(own.__code__, own.__globals__, word, own.__defaults__, own.__closure__)
    copy.__kwdefaults__ = own.__kwdefaults__
    copy.__doc__ = '\n\n'.join(filter(None, [inspect.getdoc(own), operation.get('description', '').strip()]))
    return copy


def _action(document: Json, method: str, template: str, operation: Json) -> Callable[..., Any]:
    """The method of an action: ids come first, arguments by their names."""
    ids = re.findall(r'\{([^}]+)\}', template)
    arguments = _arguments_of(document, operation)

    def action(self: Resource, *given: Any, **named: Any) -> Any:
        if len(given) < len(ids) or len(given) > len(ids) + (not named):
            raise TypeError(f'{action.__name__}() takes {", ".join(ids) or "no ids"} and arguments by name')
        of: Iterator[Any] = iter(given)
        path = re.sub(r'\{[^}]+\}', lambda _: quote(str(next(of)), safe=''), template)
        # Arguments that are not an object come as they are.
        return self._act(method, path, named or next(of, None))

    action.__name__ = action.__qualname__ = operation['x-operation']
    action.__signature__ = _signature(ids, arguments)  # type: ignore[attr-defined]
    parts = [f'{operation.get("summary", "").strip()}', operation.get('description', '').strip(), f'{method} {template}']
    lines = [_line(name, schema, is_required, document) for name, schema, is_required in arguments]
    answer = _schema_in(operation.get('responses', {}).get('200', {}))
    returns = f'Returns {_type(_resolved(answer, document))}.' if answer else ''
    action.__doc__ = '\n\n'.join(part for part in [*parts, '\n'.join(lines), returns] if part)
    return action


Argument = tuple[str, Json, bool]


def _arguments_of(document: Json, operation: Json) -> list[Argument]:
    in_query = [
        (one['name'], one.get('schema', {}), one.get('required', False))
        for one in operation.get('parameters', [])
        if one.get('in') == 'query'
    ]
    body = _resolved(_schema_in(operation.get('requestBody', {})), document)
    required = body.get('required', [])
    return in_query + [(name, one, name in required) for name, one in body.get('properties', {}).items()]


def _signature(ids: list[str], arguments: list[Argument]) -> inspect.Signature:
    kinds = inspect.Parameter
    parameters = [kinds('self', kinds.POSITIONAL_ONLY), *(kinds(name, kinds.POSITIONAL_ONLY) for name in ids)]
    named = [one for one in arguments if one[0].isidentifier() and not keyword.iskeyword(one[0]) and one[0] not in ('self', *ids)]
    for name, schema, is_required in named:
        default = kinds.empty if is_required else schema.get('default')
        parameters.append(kinds(name, kinds.KEYWORD_ONLY, default=default))
    if len(named) < len(arguments):
        parameters.append(kinds('others', kinds.VAR_KEYWORD))
    return inspect.Signature(parameters)


def _about(document: Json, operation: Json) -> str:
    """What the document says about the resource of an operation."""
    tags = {tag['name']: tag.get('description', '') for tag in document.get('tags', [])}
    return '\n\n'.join(text for tag in operation.get('tags', []) if (text := tags.get(tag, '').strip()))


def _fields_of(document: Json, operation: Json) -> str:
    """The fields of the row that an operation answers with."""
    row = _resolved(_schema_in(operation.get('responses', {}).get('200', {})), document)
    lines = [_line(name, field, True, document) for name, field in row.get('properties', {}).items()]
    return '\n\nFields:\n\n' + '\n'.join(lines) if lines else ''


def _line(name: str, schema: Json, is_required: bool, document: Json) -> str:
    type_text = _type(_resolved(schema, document)) + ('' if is_required else ', optional')
    description = schema.get('description', '').strip().split('\n')[0]
    return f'    {name}: {type_text}' + (f' – {description}' if description else '')


def _type(schema: Json) -> str:
    """The type of a value, for people."""
    if '$ref' in schema:
        return str(schema['$ref']).rsplit('/', 1)[1]
    if 'enum' in schema:
        return ' | '.join(repr(value) for value in schema['enum'])
    for of in ('anyOf', 'oneOf'):
        if of in schema:
            return ' | '.join(dict.fromkeys(_type(one) for one in schema[of]))
    kind = schema.get('type', 'any')
    if isinstance(kind, list):
        return ' | '.join(kind)
    if kind == 'array':
        return f'list of {_type(schema.get("items", {}))}'
    return f'{kind} ({schema["format"]})' if 'format' in schema else str(kind)


def _schema_in(message: Json) -> Json:
    """The schema of the JSON in a request or response."""
    schema: Json = message.get('content', {}).get('application/json', {}).get('schema', {})
    return schema


def _resolved(schema: Json, document: Json) -> Json:
    if '$ref' not in schema:
        return schema
    found: Json = document
    for name in schema['$ref'].removeprefix('#/').split('/'):
        found = found[name]
    return found
