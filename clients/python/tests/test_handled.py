import time
import unittest
import uuid

from restuary import Change, Client, Live, Problem

from .server import Line, shared_server


class HandledValues(unittest.TestCase):
    def setUp(self) -> None:
        self.server = shared_server()
        self.api = self.enterContext(Client(self.server.url))
        # Everybody may read, and whoever is logged in may write.
        user = {'email': f'{uuid.uuid4()}@example.com', 'password': 'correct horse'}
        self.api.user.create(user)
        self.api.login(**user)

    def follow(self, uri: str, api: Client | None = None) -> Live:
        live = (api or self.api).live(uri)
        self.addCleanup(live.close)
        return live

    def wait_for(self, live: Live, rows: list) -> None:
        end = time.monotonic() + 10
        while (live.rows, live.status) != (rows, 'live') and time.monotonic() < end:
            live.wait(1)
        self.assertEqual((live.rows, live.status), (rows, 'live'))

    def test_a_list_has_its_items_and_then_every_change(self) -> None:
        live = self.follow('/lamps/')
        there = self.api.request('GET', '/lamps/')
        for lamp in there:
            self.assertEqual(next(live), Change('enter', lamp['id'], lamp))
        made = self.api.request('POST', '/lamps/', {'on': False})
        self.assertEqual(next(live), Change('enter', made['id'], made))
        self.api.request('PATCH', f"/lamps/{made['id']}", {'on': True})
        self.assertEqual(next(live), Change('change', made['id'], {**made, 'on': True}))
        self.api.request('DELETE', f"/lamps/{made['id']}")
        self.assertEqual(next(live), Change('leave', made['id'], None))
        self.assertEqual((live.rows, live.status), (there, 'live'))

    def test_an_item_is_the_row_until_it_is_gone(self) -> None:
        made = self.api.request('POST', '/lamps/', {'on': False})
        live = self.follow(f"/lamps/{made['id']}")
        self.assertEqual((next(live).kind, live.row), ('enter', made))
        self.api.request('PATCH', f"/lamps/{made['id']}", {'on': True})
        self.assertEqual((next(live).kind, live.row), ('change', {**made, 'on': True}))
        self.api.request('DELETE', f"/lamps/{made['id']}")
        self.assertEqual((next(live).kind, live.row), ('leave', None))

    def test_values_need_no_ids(self) -> None:
        live = self.follow('/words/')
        self.wait_for(live, ['red', 'green'])
        self.api.request('POST', '/words/', {'word': 'deep blue'})
        self.wait_for(live, ['red', 'green', 'deep blue'])
        self.api.request('DELETE', '/words/deep%20blue')
        self.wait_for(live, ['red', 'green'])

    def test_what_cannot_be_told_is_read_again(self) -> None:
        live = self.follow('/bell')
        self.wait_for(live, [0])
        self.api.request('PATCH', '/bell', {})
        self.wait_for(live, [1])

    def test_it_goes_on_after_a_cut(self) -> None:
        line = Line(self.server.url)
        self.addCleanup(line.close)
        live = self.follow('/lamps/', self.enterContext(Client(line.url)))
        while live.status != 'live':
            live.wait()
        before = live.rows
        line.cut()
        made = self.api.request('POST', '/lamps/', {'on': False})
        self.assertEqual(live.wait(), [])
        self.assertEqual((live.status, live.rows), ('stale', before))
        self.assertEqual(next(live), Change('enter', made['id'], made))
        self.api.request('DELETE', f"/lamps/{made['id']}")

    def test_what_is_not_there_is_refused(self) -> None:
        with self.assertRaises(Problem) as refused:
            next(self.follow('/nothing/'))
        self.assertEqual(refused.exception.code, 'not_found')
