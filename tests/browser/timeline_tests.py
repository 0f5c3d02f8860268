"""The timeline in the browser: its address, its keys, a million partitions on 512 nodes."""
from checks import check, same, test
from webdriver import DOWN, ENTER, RIGHT

FRAME = '[data-testid="timeline"]'
DATA = f"return {{...document.querySelector('{FRAME}').dataset}}"


def drawn(page):
    page.until(f"return document.querySelector('{FRAME}')?.dataset.drawn", 'the timeline is drawn')


@test('the timeline by keyboard: cursor, zoom, address, and the partition it opens')
def keys(page):
    page.open('#/runs/115')
    drawn(page)
    same(page.b.run(DATA)['kind'], 'lanes', 'rows')
    page.b.run(f"document.querySelector('{FRAME}').focus()")
    page.b.keys(RIGHT, DOWN, ']', ']')
    page.says(page.tid('timeline-said'), 'node-')
    page.says(page.tid('timeline-said'), 'work')
    before = page.b.run(DATA)
    page.b.keys('+', '+')
    page.until("return location.hash.includes('from=')", 'the view is in the address')
    after = page.b.run(DATA)
    share = (int(after['to']) - int(after['from'])) / (int(before['to']) - int(before['from']))
    check(0.3 < share < 0.45, f'zoomed to {share} of it')
    address = page.hash
    page.open(address)
    drawn(page)
    again = page.b.run(DATA)
    check(abs(int(again['from']) - int(after['from'])) <= 1 and
          abs(int(again['to']) - int(after['to'])) <= 1, 'the address gives the same view')
    page.b.run(f"document.querySelector('{FRAME}').focus()")
    page.b.keys(']', ENTER)
    page.until("return location.hash.startsWith('#/runs/115/partitions/work/')", 'one opens')
    page.b.run('history.back()')
    page.hash_is(address)
    drawn(page)
    page.b.run(f"document.querySelector('{FRAME}').focus()")
    page.b.keys('0')
    page.hash_is('#/runs/115')


@test('the timeline by wheel and pointer: zoom where the pointer is, drag, click')
def pointer(page):
    page.open('#/runs/113')
    drawn(page)
    box = page.b.run(f"const b = document.querySelector('{FRAME}').getBoundingClientRect();"
                     "return {x: Math.round(b.x), y: Math.round(b.y), w: Math.round(b.width)}")
    before = page.b.run(DATA)
    x = box['x'] + 132 + (box['w'] - 132) // 4
    wheel = {'type': 'scroll', 'x': x, 'y': box['y'] + 60, 'deltaX': 0, 'deltaY': -300,
             'duration': 0, 'origin': 'viewport'}
    page.b.call('POST', '/actions', {'actions': [{'type': 'wheel', 'id': 'w', 'actions': [wheel]}]})
    page.until("return location.hash.includes('from=')", 'zoomed')
    after = page.b.run(DATA)
    def at(d):
        return int(d['from']) + (int(d['to']) - int(d['from'])) * 0.25
    check(abs(at(before) - at(after)) < 0.01 * (int(before['to']) - int(before['from'])),
          'the time under the pointer stayed')
    def move(to_x, to_y):
        return {'type': 'pointerMove', 'duration': 0, 'x': to_x, 'y': to_y, 'origin': 'viewport'}
    def press(*moves):
        page.b.call('POST', '/actions', {'actions': [{
            'type': 'pointer', 'id': 'm', 'parameters': {'pointerType': 'mouse'}, 'actions': [
                moves[0], {'type': 'pointerDown', 'button': 0}, *moves[1:],
                {'type': 'pointerUp', 'button': 0}]}]})
    press(move(x, box['y'] + 60), move(x + 100, box['y'] + 60), move(x + 200, box['y'] + 60))
    page.until(f"return Number(document.querySelector('{FRAME}').dataset.from) < {after['from']}",
               'dragged')
    check('/partitions/' not in page.hash, 'a drag is no click')
    page.says(page.tid('timeline-section'), 'Click one to open it')
    press(move(x + 50, box['y'] + 35))
    page.until("return location.hash.includes('/partitions/work/')", 'a click opens')
    page.open('#/runs/113?from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:01Z')
    page.says(page.tid('timeline-section'), 'No partition has ended here.')


PAN = '''const done = arguments[arguments.length - 1];
const frame = document.querySelector('[data-testid="timeline"]');
const before = Number(frame.dataset.frames);
const times = [];
let most = 0;
let n = 0;
const step = (t) => {
  times.push(t);
  most = Math.max(most, Number(frame.dataset.drawn));
  if (++n > 180) {
    const gaps = times.slice(1).map((t, i) => t - times[i]).sort((a, b) => a - b);
    done({ fps: 1000 * gaps.length / (times.at(-1) - times[0]), p95: gaps[Math.floor(gaps.length *
      0.95)], frames: Number(frame.dataset.frames) - before, most });
    return;
  }
  frame.dispatchEvent(new WheelEvent('wheel', { deltaY: (n % 60 < 30 ? 12 : -12), shiftKey: true,
    bubbles: true, cancelable: true }));
  requestAnimationFrame(step);
};
requestAnimationFrame(step);'''


@test('the timeline of 10^6 partitions on 512 nodes: rectangles, panning', nodes=512)
def big(page):
    page.world.add('200', 'screening', 'RUNNING', 1_000_000, 420_000, 37, 3600, None)
    page.open('#/runs/200')
    drawn(page)
    data = page.b.run(DATA)
    same(data['detail'], 'TILES', 'detail')
    page.b.run(f"document.querySelector('{FRAME}').focus()")
    page.b.keys('+')
    got = page.b.run_async(PAN)
    canvas = page.b.run(f"const c = document.querySelector('{FRAME} canvas');"
                        "return c.width * c.height")
    check(0 < got['most'] <= canvas, f"{got['most']} rectangles, {canvas} pixels")
    check(got['frames'] >= 90, f"{got['frames']} of 180 pans were drawn")
    page.b.run(f"document.querySelector('{FRAME}').focus()")
    page.b.keys('0')
    page.hash_is('#/runs/200')
    page.b.keys('e')
    page.until(f"return Number(document.querySelector('{FRAME}').dataset.drawn) < 20000",
               'all rows: only those in view are drawn')
    page.b.keys('e')
    at = page.world.now() - 60
    from fake_world import iso
    page.open(f'#/runs/200?from={iso(at)}&to={iso(at + 0.4)}')
    drawn(page)
    page.until(f"return document.querySelector('{FRAME}').dataset.detail === 'PARTITIONS'",
               'near enough for partitions')
    return (f"{got['fps']:.0f} frames/s while panning, 95 % of frames within {got['p95']:.0f} ms, "
            f"at most {got['most']} rectangles")


@test('the timeline keeps old data while new data comes, and the live edge moves')
def stale(page):
    page.open('#/runs/117')
    drawn(page)
    to = int(page.b.run(DATA)['to'])
    page.until(f"return document.querySelector('{FRAME}').dataset.to > {to}", 'time goes on')
    page.world.delay_s = 1
    page.b.run(f"document.querySelector('{FRAME}').focus()")
    page.b.keys('+')
    page.there('[data-testid="timeline-section"][data-stale="true"]')
    check(int(page.b.run(DATA)['drawn']) > 0, 'the old data is still drawn')
    page.there('[data-testid="timeline-section"][data-stale="false"]')


@test('the timeline marks what executors told that they are at')
def doing(page):
    page.open('#/runs/117')
    drawn(page)
    same(page.b.run(DATA)['named'], '3', 'partitions that are named')
    page.open('#/runs/115')
    drawn(page)
    same(page.b.run(DATA)['named'], '0', 'partitions that are named, of a run that is over')


@test('the timeline moves little where motion is unwanted', motion='reduce')
def still(page):
    page.open('#/runs/117')
    drawn(page)
    count = ('return [Number(document.querySelector(\'[data-testid="timeline"]\').dataset.frames),'
             'performance.now()]')
    before, then = page.b.run(count)
    page.rounds(1)
    after, now = page.b.run(count)
    rate = (after - before) / ((now - then) / 1000)
    check(rate < 7, f'{rate:.1f} frames a second')
