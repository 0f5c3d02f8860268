"""What the tests of the page stand on: a registry, one browser, a world of its own for each."""
import threading
import time
import traceback

import fake_server
from fake_world import World

TESTS = []
# What the browser's log says of answers that tests ask for; all else in it is a mistake.
EXPECTED = ('the server responded with a status of', 'net::ERR_')


class Wrong(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Wrong(what)


def same(value, wanted, what):
    check(value == wanted, f'{what}: {value!r}, not {wanted!r}')


def test(sentence, **options):
    def register(function):
        TESTS.append((sentence, options, function))
        return function
    return register


class Page:
    """A browser at a server of its own: another origin, so that nothing stored is found again."""

    def __init__(self, browser, nodes=3):
        self.b = browser
        self.world = World(nodes)
        self.loads = 0
        self.server = fake_server.start(self.world)

    def close(self):
        self.server.quiet.set()
        self.server.shutdown()
        self.server.server_close()

    def open(self, route, ready='h1'):
        self.loads += 1  # another query, or only the fragment would change
        self.b.open(f'{self.server.url}?{self.loads}{route}')
        self.until(f"return document.querySelector({ready!r}) && "
                   "!document.querySelector('.first, main > .quiet')", f'{route} is drawn')

    def until(self, condition, what, within_s=20):
        return self.b.until(condition, what, within_s)

    def there(self, selector, what=None, within_s=20):
        return self.until(f'return Boolean(document.querySelector({selector!r}))',
                          what or f'{selector} is there', within_s)

    def gone(self, selector, what=None):
        return self.until(f'return !document.querySelector({selector!r})',
                          what or f'{selector} is gone')

    def says(self, selector, part, within_s=20):
        def found():
            text = self.b.text(selector)
            return text is not None and part in text
        try:
            return self.until(found, '', within_s)
        except Exception:
            raise Wrong(f'{selector} does not say {part!r} but {self.b.text(selector)!r}') from None

    def tid(self, name):
        return f'[data-testid="{name}"]'

    @property
    def hash(self):
        return self.b.run('return location.hash')

    def hash_is(self, wanted):
        try:
            self.until(lambda: self.hash == wanted, '')
        except Exception:
            raise Wrong(f'the address is {self.hash}, not {wanted}') from None

    def falls_silent(self):
        """Nothing is asked for longer than the page waits between two reads."""
        self.until(lambda: self.requests_within(2.5) == 0, 'no requests any more')

    def requests_within(self, seconds):
        """How many requests arrive in this time; returns early at the first."""
        before = len(self.server.seen)
        waiting = threading.Event()
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.server.seen) == before:
            waiting.wait(0.05)
        return len(self.server.seen) - before

    def rounds(self, n):
        """Waits until the page has read what it shows `n` times more."""
        health = f'{fake_server.PREFIX}api/v1/health'
        before = self.server.seen.count(health)
        self.until(lambda: self.server.seen.count(health) >= before + n, f'{n} more reads')

    def module(self, name, script):
        """The value of `script`, which sees a module of the page as `m`."""
        value = self.b.run_async(
            'const done = arguments[arguments.length - 1];'
            f'import(new URL({name!r}, document.baseURI).href).then((m) => {{ {script} }})'
            '.then(done, (e) => done({broken: String(e)}));')
        check(not (isinstance(value, dict) and 'broken' in value), f'{name}: {value}')
        return value


def after(page):
    """Holds for every test: nothing strange in the log, nothing asked from elsewhere."""
    for entry in page.b.log():
        if entry['level'] == 'SEVERE' and not any(e in entry['message'] for e in EXPECTED):
            raise Wrong(f"the browser says: {entry['message'][:300]}")
    same(page.server.strays, [], 'requests outside of the prefix, or for no file')
    far = page.b.run("return performance.getEntriesByType('resource').map((e) => e.name)"
                     ".filter((n) => !n.startsWith(arguments[0]))", page.server.url)
    same(far, [], 'requests to elsewhere')


def run_all(browser, only):
    """Returns how many have failed."""
    failed = 0
    for sentence, options, function in TESTS:
        if only and not any(word in sentence for word in only):
            continue
        began = time.monotonic()
        browser.size(options.get('width', 1440), 900)
        browser.media(prefers_color_scheme=options.get('theme', 'light'),
                      prefers_reduced_motion=options.get('motion', 'no-preference'))
        browser.log()  # what came before is no business of this test
        page = Page(browser, options.get('nodes', 3))
        try:
            note = function(page)
            after(page)
            print(f'ok    {sentence} ({time.monotonic() - began:.1f} s)'
                  f'{f": {note}" if note else ""}', flush=True)
        except Exception as e:
            failed += 1
            print(f'FAIL  {sentence}: {e}', flush=True)
            if not isinstance(e, Wrong):
                traceback.print_exc()
        finally:
            page.close()
    return failed
