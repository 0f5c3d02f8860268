"""A client of WebDriver: chromedriver and a headless Chromium, with nothing but the standard
library."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'
# Keys that are no characters.
ENTER, ESCAPE, TAB, LEFT, UP, RIGHT, DOWN, SHIFT = (
    '\ue007', '\ue00c', '\ue004', '\ue012', '\ue013', '\ue014', '\ue015', '\ue008')


class Failed(Exception):
    """What the driver or the page said."""


class Browser:
    def __init__(self):
        driver = shutil.which('chromedriver')
        chromium = shutil.which('chromium') or shutil.which('google-chrome')
        if not driver or not chromium:
            raise Failed('chromium or chromedriver is missing: '
                         'apt-get install -y --no-install-recommends chromium chromium-driver')
        self.profile = tempfile.mkdtemp(prefix='partita-browser-')
        self.process = subprocess.Popen([driver, '--port=0'], stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.base = f'http://127.0.0.1:{self.port()}'
        arguments = ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage',
                     '--no-first-run', '--disable-extensions', '--hide-scrollbars',
                     f'--user-data-dir={self.profile}', '--window-size=1440,900']
        made = self.call('POST', '/session', {'capabilities': {'alwaysMatch': {
            'browserName': 'chrome', 'goog:chromeOptions': {'binary': chromium,
                                                            'args': arguments},
            'goog:loggingPrefs': {'browser': 'ALL'}}}})
        self.base += f"/session/{made['sessionId']}"

    def port(self):
        for line in self.process.stdout:
            if 'successfully on port ' in line:
                return int(line.split('on port ')[1].strip().rstrip('.'))
        raise Failed('chromedriver did not start')

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={'Content-Type': 'application/json'})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)['value']
        except urllib.error.HTTPError as e:
            said = json.load(e)['value']
            raise Failed(f"{said['error']}: {said['message'].splitlines()[0]}") from None

    def close(self):
        try:
            self.call('DELETE', '')
        finally:
            self.process.terminate()
            self.process.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, url):
        self.call('POST', '/url', {'url': url})

    def run(self, script, *args):
        """The value of JavaScript, which may `return` it."""
        return self.call('POST', '/execute/sync', {'script': script, 'args': list(args)})

    def run_async(self, script, *args):
        """The last argument of the script is the function to call with the value."""
        return self.call('POST', '/execute/async', {'script': script, 'args': list(args)})

    def until(self, condition, what, within_s=20):
        """Asks until the answer is true (or the script's value is), and returns it."""
        end = time.monotonic() + within_s
        pause = threading.Event()  # never set: what is asked need not be asked all the time
        while True:
            value = self.watch(condition) if isinstance(condition, str) else condition()
            if value:
                return value
            if time.monotonic() > end:
                raise Failed(f'not within {within_s} s: {what}')
            pause.wait(0.02)

    def watch(self, condition):
        """The script's value as soon as it is true within the page, or after half a second."""
        try:
            return self.run_async(
                'const done = arguments[0]; const end = performance.now() + 500;'
                f'const ask = () => {{ {condition} }};'
                'const again = () => { const value = ask(); if (value || performance.now() > end)'
                ' done(value ?? null); else setTimeout(again, 20); }; again();')
        except Failed as e:
            if 'unload' in str(e) or 'navigat' in str(e):  # the page was left meanwhile
                return None
            raise

    def text(self, selector):
        return self.run('return document.querySelector(arguments[0])?.innerText ?? null', selector)

    def find(self, selector):
        return self.call('POST', '/element', {'using': 'css selector', 'value': selector})[ELEMENT]

    def click(self, selector):
        self.call('POST', f'/element/{self.find(selector)}/click', {})

    def type(self, selector, text):
        self.call('POST', f'/element/{self.find(selector)}/value', {'text': text})

    def keys(self, *keys, held=()):
        """Presses one after the other, on what has the focus."""
        actions = [{'type': 'keyDown', 'value': k} for k in held]
        for key in keys:
            actions += [{'type': 'keyDown', 'value': key}, {'type': 'keyUp', 'value': key}]
        actions += [{'type': 'keyUp', 'value': k} for k in held]
        self.call('POST', '/actions', {'actions': [{'type': 'key', 'id': 'k',
                                                    'actions': actions}]})

    def cdp(self, command, **parameters):
        return self.call('POST', '/goog/cdp/execute', {'cmd': command, 'params': parameters})

    def size(self, width, height, scale=1):
        self.cdp('Emulation.setDeviceMetricsOverride', width=width, height=height,
                 deviceScaleFactor=scale, mobile=False)

    def media(self, **features):
        self.cdp('Emulation.setEmulatedMedia', features=[
            {'name': k.replace('_', '-'), 'value': v} for k, v in features.items()])

    def log(self):
        return self.call('POST', '/se/log', {'type': 'browser'})

    def screenshot(self, path, whole=False):
        shot = self.cdp('Page.captureScreenshot', captureBeyondViewport=whole)['data'] if whole \
            else self.call('GET', '/screenshot')
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(base64.b64decode(shot))
