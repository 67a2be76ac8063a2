import asyncio
import threading
import time
import unittest
from unittest import mock

from restuary import Change, Client, Id, Live, Problem, Row
from restuary import live as live_module
from restuary.rows import Rows

from .server import Line, Server, shared_server


class Seen:
    """What somebody has who only reads changes. No row enters twice, and only rows that are there change or leave."""

    def __init__(self) -> None:
        self.rows: dict[Id, Row] = {}
        self.told: list[Change] = []

    def read(self, change: Change) -> None:
        assert (change.id in self.rows) == (change.kind != 'enter'), change
        self.told.append(change)
        if change.row is None:
            del self.rows[change.id]
        else:
            self.rows[change.id] = change.row


def loaded(live: Live) -> Live:
    while live.status != 'live':
        live.wait()
    return live


class LiveRows(unittest.TestCase):
    def setUp(self) -> None:
        self.server = shared_server()
        self.api = self.enterContext(Client(self.server.url))

    def follow(self, resource: str = 'todo', api: Client | None = None, **query) -> Live:
        live = (api or self.api)[resource].live(**query)
        self.addCleanup(live.close)
        return live

    def line(self) -> tuple[Line, Client]:
        line = Line(self.server.url)
        self.addCleanup(line.close)
        return line, self.enterContext(Client(line.url))

    def test_rows_are_in_their_order_and_changes_come_one_by_one(self) -> None:
        list = self.api.list.create({'title': 'order'})['id']
        a = self.api.todo.create({'text': 'a', 'rank': 2, 'list': list})
        live = self.follow(filter={'list': list}, sort='-rank')
        self.assertEqual(live.wait(0), [])
        self.assertEqual(next(live), Change('enter', a['id'], a))
        b = self.api.todo.create({'text': 'b', 'rank': 3, 'list': list})
        self.assertEqual(next(live), Change('enter', b['id'], b))
        self.assertEqual(live.rows, [b, a])
        changed = self.api.todo.patch(b['id'], {'rank': 1})
        self.assertEqual(next(live), Change('change', b['id'], changed))
        self.assertEqual((live.rows, live.rows[1].etag), ([a, changed], changed.etag))
        self.api.todo.patch(a['id'], {'list': None})
        self.assertEqual(next(live), Change('leave', a['id'], None))
        self.api.todo.delete(b['id'])
        self.assertEqual(next(live), Change('leave', b['id'], None))
        self.assertEqual((live.rows, live.status), ([], 'live'))

    def test_changes_of_one_commit_come_together(self) -> None:
        live = loaded(self.follow(filter={'text': 'together'}))
        made = self.api.todo.create([{'text': 'together'}, {'text': 'together'}])
        self.assertEqual([change.id for change in live.wait()], [row['id'] for row in made])

    def test_a_row_is_followed_before_it_is_there_and_until_it_is_gone(self) -> None:
        last = self.api.list.create({'title': 'last'})['id']
        live = loaded(self.follow('list', id=last + 1))
        self.assertIsNone(live.row)
        made = self.api.list.create({'title': 'next'})
        self.assertEqual((next(live).kind, live.row), ('enter', made))
        self.api.list.delete(made['id'])
        self.assertEqual((next(live).kind, live.row), ('leave', None))

    def test_the_order_is_that_of_the_server_whatever_it_sorts_by(self) -> None:
        api, list = self.api, self.api.list.create({'title': 'whatever'})['id']
        queries = [
            {'sort': ['price', '-rank']},
            {'sort': '-due'},
            {'sort': 'list.title,-id'},
            {'sort': 'price', 'fields': ['text']},
            {'sort': '-price', 'limit': 2},
            {'sort': ['list', 'rank'], 'include': ['list']},
            {'sort': ['-tag', 'rank'], 'include': ['tag']},
        ]
        lives = [loaded(self.follow(filter={'list': {'title': {'$startsWith': 'what'}}}, **query)) for query in queries]
        for code in 'abc':
            api.tag.replace(code, {'code': code})
        prices, days = ['9.00', '10.00', None, '-1.00'], [None, '2030-01-01T00:00:00Z', '2030-01-01T00:00:00.500Z']
        for step in range(12):
            other = api.list.create({'title': f'what {step % 3}'})['id'] if step % 4 == 3 else list
            row = {'text': f'{step}', 'price': prices[step % 4], 'due': days[step % 3], 'rank': step % 2, 'list': other, 'tag': 'abc'[step % 3]}
            made = api.todo.create(row)
            if step % 2:
                api.todo.patch(made['id'] - 1, {'price': prices[(step + 1) % 4], 'due': days[step % 3]})
        for query, live in zip(queries, lives, strict=True):
            with self.subTest(query):
                there = api.todo.list(filter={'list': {'title': {'$startsWith': 'what'}}}, **{'limit': 100, **query}).rows
                end = time.monotonic() + 10
                while live.rows != there and time.monotonic() < end:
                    live.wait(1)
                self.assertEqual(live.rows, there)

    def test_a_loop_that_is_left_goes_on_where_it_was(self) -> None:
        self.api.todo.create([{'text': 'left'}, {'text': 'left'}])
        live = self.follow(filter={'text': 'left'})
        for first in live:
            break
        for second in live:
            break
        self.assertEqual([row['id'] for row in live.rows], [first.id, second.id])

    def test_another_thread_ends_it(self) -> None:
        live = loaded(self.follow())
        threading.Timer(0.05, live.close).start()
        for _ in live:
            pass
        self.assertEqual(live.status, 'closed')

    def test_asynchronous_code_reads_it_with_async_for(self) -> None:
        async def read() -> list[str]:
            texts = []
            live = self.follow(filter={'text': {'$startsWith': 'async'}})
            await asyncio.to_thread(self.api.todo.create, {'text': 'async a'})
            async for change in live:
                texts.append(change.row['text'])
                if len(texts) == 2:
                    break
                await asyncio.to_thread(self.api.todo.create, {'text': 'async b'})
            waiting = asyncio.create_task(anext(live))
            await asyncio.sleep(0)
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
            self.assertEqual(live.status, 'closed')
            return texts

        self.assertEqual(asyncio.run(read()), ['async a', 'async b'])

    def test_a_refusal_is_raised(self) -> None:
        with self.assertRaises(Problem) as caught:
            self.follow(sort='nothing').wait()
        self.assertEqual((caught.exception.code, caught.exception.status), ('validation', 400))

    def test_after_a_cut_nothing_is_missing_and_nothing_comes_twice(self) -> None:
        line, api = self.line()
        live, seen = self.follow(api=api, filter={'text': 'cut'}, sort='-rank'), Seen()
        made = self.api.todo.create({'text': 'cut'})
        seen.read(next(live))
        for rank in range(1, 13):
            if rank % 3 == 0:
                line.cut()
            self.api.todo.patch(made['id'], {'rank': rank})
        while seen.rows[made['id']]['rank'] < 12:
            seen.read(next(live))
        self.assertEqual([change.row['rank'] for change in seen.told], list(range(13)))
        self.assertGreater(line.connections, 1)

    def test_a_connection_that_went_silent_is_given_up(self) -> None:
        line, api = self.line()
        with mock.patch.multiple(live_module, _SILENCE=0.2, PATIENCE=0.2):
            live = loaded(self.follow(api=api, filter={'text': 'silent'}))
            line.silence()
            made = self.api.todo.create({'text': 'silent'})
            self.assertEqual(next(live).id, made['id'])

    def test_a_position_that_the_server_does_not_know_is_a_reset_told_as_the_difference(self) -> None:
        line, api = self.line()
        a, b = self.api.todo.create([{'text': 'reset'}, {'text': 'reset'}])
        live, seen = self.follow(api=api, filter={'text': 'reset'}), Seen()
        while len(seen.rows) < 2:
            seen.read(next(live))
        live.position = 'nowhere.1'
        line.cut()
        self.api.todo.delete(a['id'])
        c = self.api.todo.create({'text': 'reset'})
        while c['id'] not in seen.rows:
            seen.read(next(live))
        self.assertEqual([change.kind for change in seen.told], ['enter', 'enter', 'leave', 'enter'])
        self.assertEqual(list(seen.rows), [b['id'], c['id']])


class KilledServers(unittest.TestCase):
    def test_a_server_that_is_killed_and_started_again_loses_and_doubles_nothing(self) -> None:
        server = self.enterContext(Server())
        api = self.enterContext(Client(server.url))
        live, seen, statuses = self.enterContext(api.todo.live(sort='-rank')), Seen(), set()
        row = api.todo.create({'text': 'counter'})['id']
        last = 30

        def write() -> None:
            for rank in range(1, last + 1):
                self.insist(api.todo.patch, row, {'rank': rank}, key=f'counter-{rank}')
                if rank % 5 == 0:
                    self.insist(api.todo.create, {'text': 'other', 'rank': rank}, key=f'other-{rank}')

        def kill() -> None:
            for at in (8, 20):
                has_reached[at].wait()
                server.kill()
                server.start()

        has_reached = {8: threading.Event(), 20: threading.Event()}
        threads = [threading.Thread(target=work, daemon=True) for work in (write, kill)]
        seen.read(next(live))
        for thread in threads:
            thread.start()
        while len(seen.rows) < 1 + last // 5 or seen.rows[row]['rank'] < last:
            for change in live.wait():
                seen.read(change)
                if change.id == row and change.row['rank'] in has_reached:
                    has_reached[change.row['rank']].set()
            statuses.add(live.status)
        for thread in threads:
            thread.join()
        ranks = [change.row['rank'] for change in seen.told if change.id == row]
        self.assertEqual(ranks, list(range(last + 1)))
        self.assertEqual(live.rows, api.todo.list(sort='-rank', limit=100).rows)
        self.assertIn('stale', statuses)

    def insist(self, work, *given, **named) -> None:
        while True:
            try:
                return work(*given, **named)
            except Problem as problem:
                if not problem.is_passing:
                    raise


class Snapshots(unittest.TestCase):
    def test_a_snapshot_in_parts_is_taken_when_it_is_complete(self) -> None:
        rows = Rows()
        part = {'op': 'snapshot', 'ids': [1], 'data': [{'id': 1}], 'versions': ['e.1']}
        self.assertIsNone(rows.snapshot({**part, 'more': True}))
        rows.interrupt()
        self.assertIsNone(rows.snapshot({**part, 'more': True}))
        whole = rows.snapshot({'op': 'snapshot', 'ids': [2], 'data': [{'id': 2}], 'versions': ['e.2'], 'position': 'e.2'})
        self.assertEqual([change.id for change in whole], [1, 2])
