import datetime
import decimal
import inspect
import pydoc
import tempfile
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from restuary import Client, Complaint, Problem, Tokens

from .server import Server, shared_server


class Requests(unittest.TestCase):
    def setUp(self) -> None:
        self.server = shared_server()
        self.api = self.enterContext(Client(self.server.url))
        self.mark = str(uuid.uuid4())

    def raises(self, code: str, status: int, work, *given, **named) -> Problem:
        with self.assertRaises(Problem) as caught:
            work(*given, **named)
        self.assertEqual((caught.exception.code, caught.exception.status), (code, status))
        return caught.exception

    def test_a_row_is_created_read_changed_replaced_and_deleted(self) -> None:
        todo = self.api.todo
        made = todo.create({'text': 'pack', 'list': {'title': 'Trip'}})
        id = made['id']
        self.assertEqual(todo.get(id, fields=['text', 'list.title']), {'text': 'pack', 'list': {'title': 'Trip'}})
        self.assertEqual(todo.get(id, include='list')['list']['todos'], [id])
        self.assertTrue(todo.patch(id, {'done': True})['done'])
        self.assertEqual(todo.patch(id, [{'op': 'replace', 'path': '/rank', 'value': 4}])['rank'], 4)
        replaced = todo.replace(id, {'text': 'fly'})
        self.assertEqual((replaced['text'], replaced['done'], replaced['list']), ('fly', False, None))
        self.assertIsNone(todo.delete(id))
        self.raises('not_found', 404, todo.get, id)
        self.assertEqual(todo.history(id, limit=1)[0]['operation'], 'delete')

    def test_a_write_may_ask_for_the_version_that_was_read(self) -> None:
        made = self.api.todo.create({'text': 'a'})
        changed = self.api.todo.patch(made['id'], {'rank': 1}, if_match=made.etag)
        problem = self.raises('precondition_failed', 412, self.api.todo.patch, made['id'], {'rank': 2}, if_match=made.etag)
        self.assertEqual(problem.document['current'], changed)
        self.assertEqual(problem.document['etag'], changed.etag)
        self.assertEqual(self.api.todo.get(made['id']).etag, changed.etag)

    def test_a_write_with_the_same_key_happens_once(self) -> None:
        first = self.api.todo.create({'text': 'once'}, key=self.mark)
        self.assertEqual(self.api.todo.create({'text': 'once'}, key=self.mark)['id'], first['id'])

    def test_many_rows_are_created_changed_and_deleted_at_once(self) -> None:
        rows = self.api.todo.create([{'text': self.mark}, {'text': self.mark, 'rank': 2}])
        changed = self.api.todo.patch({'filter': {'text': self.mark, 'rank': 2}}, {'done': True})
        self.assertEqual([row['id'] for row in changed], [rows[1]['id']])
        self.api.todo.delete({'filter': {'text': self.mark, 'done': True}})
        self.assertEqual([row['id'] for row in self.api.todo.list(filter={'text': self.mark})], [rows[0]['id']])

    def test_a_batch_happens_all_or_not_at_all(self) -> None:
        with self.api.batch() as batch:
            trip = batch.list.create({'title': self.mark})
            todo = batch.todo.create({'text': 'pack', 'list': trip})
            batch.todo.create({'text': 'fly', 'list': trip})
            with self.assertRaises(RuntimeError):
                trip.result
        self.assertEqual(self.api.todo.get(todo.result['id'], fields='list.title'), {'list': {'title': self.mark}})
        with self.api.batch() as batch:
            changed = batch.todo.patch(todo.result['id'], {'done': True}, if_match=todo.result.etag)
            closed = batch.todo.close(todo.result['id'], why='packed')
            read = batch.todo.get(todo.result['id'])
        self.assertEqual((changed.result['done'], closed.result), (True, {'closed': 'pack: packed'}))
        self.assertEqual(read.result.etag, changed.result.etag)

        def refused() -> None:
            with self.api.batch() as batch:
                batch.todo.delete(todo.result['id'])
                batch.todo.create({'text': ''})

        problem = self.raises('validation', 400, refused)
        self.assertEqual((problem.document['failed'], problem.places[0].pointer), (1, '#/1/body/text'))
        self.assertTrue(self.api.todo.get(todo.result['id'])['done'])
        with self.assertRaisesRegex(AttributeError, 'no resource'), self.api.batch() as batch:
            batch.todos.create({})

    def test_a_list_is_created_with_the_rows_that_it_nests(self) -> None:
        made = self.api.list.create({'title': self.mark, 'todos': [{'text': 'pack'}, {'text': 'fly', 'rank': 2}]})
        shown = self.api.list.get(made['id'], include='todos', fields=['title', 'todos.text'])
        self.assertEqual(shown, {'title': self.mark, 'todos': [{'text': 'pack'}, {'text': 'fly'}]})

    def test_a_row_is_replaced_by_a_unique_key(self) -> None:
        email = f'{self.mark}@example.com'
        made = self.api.user.replace({'email': email}, {'email': email, 'password': 'correct horse'})
        self.assertEqual(made['email'], email)

    def test_a_list_has_pages_and_is_iterated_over_all_of_them(self) -> None:
        self.api.todo.create([{'text': self.mark, 'rank': rank} for rank in range(5)])
        query = {'filter': {'text': self.mark}, 'sort': ['-rank', 'id'], 'limit': 2, 'fields': 'rank', 'total': True}
        first = self.api.todo.list(**query)
        self.assertEqual((first.rows, first.total), ([{'rank': 4}, {'rank': 3}], 5))
        self.assertIsNone(first.prev())
        second = first.next()
        self.assertEqual(second.rows, [{'rank': 2}, {'rank': 1}])
        self.assertEqual(second.prev().rows, first.rows)
        self.assertIsNone(second.next().next())
        self.assertEqual([row['rank'] for row in first], [4, 3, 2, 1, 0])

    def test_decimals_dates_and_ids_are_written_as_the_server_reads_them(self) -> None:
        due = datetime.datetime(2030, 1, 2, 3, 4, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
        made = self.api.todo.create({'text': self.mark, 'price': decimal.Decimal('1.50'), 'due': due})
        self.assertEqual((made['price'], made['due']), ('1.50', '2030-01-02T02:04:00Z'))
        self.assertEqual(len(self.api.todo.list(filter={'text': self.mark, 'due': {'$lte': due}}).rows), 1)
        with self.assertRaises(TypeError):
            self.api.todo.create({'text': 'x', 'due': datetime.datetime(2030, 1, 1)})
        with self.assertRaises(ValueError):
            self.api.todo.create({'text': 'x', 'rank': float('nan')})

    def test_files_are_sent_and_read(self) -> None:
        id = self.api.todo.create({'text': 'photo'})['id']
        shown = self.api.todo.upload(id, 'photo', b'\x89PNG', type='image/png', name='dör.png')
        self.assertEqual((shown['name'], shown['type'], shown['size']), ('dör.png', 'image/png', 4))
        self.assertEqual(self.api.todo.download(id, 'photo'), b'\x89PNG')
        self.raises('unsupported_media_type', 415, self.api.todo.upload, id, 'photo', b'x', type='text/html')
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, 'fence.gif')
            path.write_bytes(b'GIF89a')
            self.assertEqual(self.api.todo.upload(id, 'photo', path, type='image/gif')['name'], 'fence.gif')

    def test_actions_are_called_by_their_names(self) -> None:
        made = self.api.todo.create({'text': 'a'})
        self.assertEqual(self.api.todo.close(made['id'], why='done'), {'closed': 'a: done'})
        self.assertGreater(self.api.todo.get_open(least=0), 0)
        self.assertEqual(self.api.hello.get(name='Ann & Bob'), 'Hello Ann & Bob')
        self.assertEqual(self.api.hello.get_sum(numbers=[1, 2, 3]), 6)
        self.raises('validation', 400, self.api.todo.close, made['id'])
        with self.assertRaises(TypeError):
            self.api.todo.close(why='no id')

    def test_a_refusal_says_what_is_wrong_and_where(self) -> None:
        problem = self.raises('validation', 400, self.api.todo.create, {'text': '', 'rank': 'x'})
        self.assertEqual([place.pointer for place in problem.places], ['#/text', '#/rank'])
        self.assertIsInstance(problem.at('#/rank'), Complaint)
        self.assertEqual(problem.at('#/rank').code, 'type')
        self.assertIsNone(problem.at('#/done'))
        self.assertIn('#/text', str(problem))
        self.assertEqual(self.raises('validation', 400, self.api.todo.list, limit=-1).places[0].parameter, 'limit')
        teapot = self.raises('Teapot', 418, self.api.hello.post_teapot)
        self.assertEqual(teapot.detail, 'short and stout')
        self.assertFalse(teapot.is_passing)

    def test_a_server_that_cannot_be_reached_is_a_problem_that_passes(self) -> None:
        nobody = self.enterContext(Client('http://127.0.0.1:9'))
        self.assertTrue(self.raises('offline', 0, nobody.request, 'GET', '/').is_passing)

    def test_help_reads_well(self) -> None:
        todo = pydoc.plain(pydoc.render_doc(self.api.todo))
        for text in ('Things to do.', 'text: string – What is to be done', 'Marks it as done.', 'close(self, id, /, *, why)'):
            self.assertIn(text, todo)
        self.assertEqual(str(inspect.signature(self.api.todo.get_open)), '(*, least=0)')
        self.assertIn('Reads one row by its id.', inspect.getdoc(self.api.todo.get))
        self.assertIn('GET /hello', inspect.getdoc(self.api.hello.get))

    def test_members_are_those_of_the_api(self) -> None:
        self.assertLess({'user', 'note', 'list', 'todo', 'hello', 'login'}, set(dir(self.api)))
        self.assertIs(self.api['todo'], self.api.todo)
        self.assertFalse(hasattr(self.api.hello, 'create'))
        with self.assertRaisesRegex(AttributeError, "no resource 'todos'; it has .*todo"):
            self.api.todos

    def test_without_a_description_every_name_is_a_resource_and_has_every_action(self) -> None:
        api = self.enterContext(Client(self.server.url, http=httpx.Client(transport=Undescribed())))
        made = api.todo.create({'text': 'a'})
        self.assertEqual(api.todo.close(made['id'], why='b'), {'closed': 'a: b'})
        self.assertEqual(api.hello.get_sum(numbers=[1, 2]), 3)


class Undescribed(httpx.HTTPTransport):
    """A way to the server that does not have its description."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(404) if request.url.path == '/openapi.json' else super().handle_request(request)


class Unsteady(httpx.HTTPTransport):
    """A way to the server on which every other answer to a write is lost."""

    count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        self.count += request.method == 'POST'
        if self.count % 2:
            raise httpx.ReadError('lost', request=request)
        return response


class Sessions(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.server = shared_server()
        cls.credentials = {'email': 'ann@example.com', 'password': 'correct horse'}
        with Client(cls.server.url) as api:
            api.user.create(cls.credentials)

    def test_a_login_is_sent_with_every_request_and_kept_for_the_next_start(self) -> None:
        kept: list[Tokens | None] = []
        api = self.enterContext(Client(self.server.url, on_tokens=kept.append))
        with self.assertRaises(Problem):
            api.note.create({'text': 'x'})
        api.login(**self.credentials)
        note = api.note.create({'text': 'mine'})
        self.assertEqual(self.enterContext(Client(self.server.url, tokens=kept[-1])).note.get(note['id'])['text'], 'mine')
        api.refresh()
        self.assertEqual(api.tokens, kept[-1])
        self.assertEqual(len(kept), 2)
        api.logout()
        self.assertIsNone(kept[-1])
        with self.assertRaises(Problem) as caught:
            api.note.get(note['id'])
        self.assertIn(caught.exception.status, (401, 404))

    def test_the_session_may_be_a_cookie(self) -> None:
        sender = httpx.Client()
        api = self.enterContext(Client(self.server.url, cookies=True, http=sender))
        api.login(**self.credentials)
        self.assertIsNone(api.tokens)
        note = api.note.create({'text': 'cookie 1'})
        with api.note.live(filter={'text': {'$startsWith': 'cookie'}}) as live:
            self.assertEqual(next(live).id, note['id'])
            api.note.create({'text': 'cookie 2'})
            self.assertEqual(next(live).row['text'], 'cookie 2')
        again = self.enterContext(Client(self.server.url, cookies=True, http=httpx.Client(cookies=sender.cookies)))
        self.assertEqual(again.note.get(note['id'])['text'], 'cookie 1')
        api.refresh()
        api.note.patch(note['id'], {'text': 'cookie 3'})
        api.logout()
        with self.assertRaises(Problem) as caught:
            api.note.get(note['id'])
        self.assertEqual(caught.exception.status, 401)

    def test_a_wrong_password_is_a_problem(self) -> None:
        with self.assertRaises(Problem) as caught:
            self.enterContext(Client(self.server.url)).login(email='ann@example.com', password='wrong')
        self.assertEqual((caught.exception.code, caught.exception.status), ('unauthenticated', 401))

    def test_tokens_that_are_refused_are_renewed_once_for_all_threads(self) -> None:
        kept: list[Tokens | None] = []
        api = self.enterContext(Client(self.server.url, on_tokens=kept.append))
        api.login(**self.credentials)
        api = self.enterContext(Client(self.server.url, tokens={**kept[0], 'access_token': 'spoilt'}, on_tokens=kept.append))
        with ThreadPoolExecutor(8) as threads:
            made = list(threads.map(lambda text: api.note.create({'text': text}), 'abcdefgh'))
        self.assertEqual(len({note['id'] for note in made}), 8)
        self.assertEqual(len(kept), 2)

    def test_a_live_iteration_goes_on_when_its_token_ends(self) -> None:
        server = self.enterContext(Server(access=2))
        kept: list[Tokens | None] = []
        api = self.enterContext(Client(server.url, on_tokens=kept.append))
        api.user.create(self.credentials)
        api.login(**self.credentials)
        with api.note.live(filter={'text': {'$startsWith': 'long'}}) as live:
            while live.status != 'live':
                live.wait()
            while len(kept) < 2:  # it is the live iteration that renews them
                live.wait()
            api.note.create({'text': 'long after'})
            self.assertEqual(next(live).row['text'], 'long after')

    def test_a_live_iteration_ends_with_its_session(self) -> None:
        api = self.enterContext(Client(self.server.url))
        api.login(**self.credentials)
        with api.note.live() as live:
            while live.status != 'live':
                live.wait()
            api.logout()
            with self.assertRaises(Problem) as caught:
                while True:
                    live.wait()
            self.assertEqual((caught.exception.code, live.status), ('unauthenticated', 'closed'))

    def test_what_the_caller_may_not_follow_is_refused(self) -> None:
        with self.assertRaises(Problem) as caught:
            self.enterContext(Client(self.server.url)).note.live().wait()
        self.assertEqual(caught.exception.status, 401)

    def test_a_write_whose_answer_is_lost_is_sent_again_and_happens_once(self) -> None:
        api = self.enterContext(Client(self.server.url, http=httpx.Client(transport=Unsteady())))
        made = api.list.create({'title': 'once'})
        self.assertEqual([row['id'] for row in api.list.list(filter={'title': 'once'})], [made['id']])
