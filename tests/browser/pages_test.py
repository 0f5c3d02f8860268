#!/usr/bin/env python3
"""The operators' page in a headless Chromium, against a made-up server.

  python3 tests/browser/pages_test.py             all of it
  python3 tests/browser/pages_test.py timeline    tests with this word in their sentence

Exit codes: 0 all good, 1 not, 2 no browser. Needs chromium and chromium-driver.
"""
import sys
import time

sys.dont_write_bytecode = True

import webdriver
from checks import TESTS, run_all
import action_tests
import model_tests
import retention_tests
import sharing_tests
import timeline_tests
import view_tests


def main():
    began = time.monotonic()
    try:
        browser = webdriver.Browser()
    except webdriver.Failed as e:
        print(f'FAIL  no browser: {e}', file=sys.stderr)
        return 2
    try:
        failed = run_all(browser, sys.argv[1:])
    finally:
        browser.close()
    print(f'{len(TESTS)} tests, {failed} failed, {time.monotonic() - began:.0f} s')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
