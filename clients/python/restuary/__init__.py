"""The client of a Restuary API.

>>> from restuary import Client
>>> api = Client('http://localhost:3000')
>>> todo = api.todo.create({'text': 'Bread'})
>>> for change in api.todo.live(filter={'done': False}):
...     print(change.kind, change.row)
"""

from .batch import Batch
from .client import Client
from .credentials import Tokens
from .live import Change, Live, Status
from .problem import Complaint, Problem
from .resource import Page, Resource
from .row import Id, Row

__all__ = ['Batch', 'Change', 'Client', 'Complaint', 'Id', 'Live', 'Page', 'Problem', 'Resource', 'Row', 'Status', 'Tokens']
