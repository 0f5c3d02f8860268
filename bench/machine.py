"""What machine this is, and what others do on it."""

import os
import platform
import time


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")),
                     platform.machine())
    return {"cores": os.cpu_count(), "cpu": model, "kernel": platform.release(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)}


def busy_cores(window_s=1.0):
    """How many cores everybody together keeps busy for a while. Between measurements that is
    what others do; the load average would still show the measurement before."""
    def busy_s():
        with open("/proc/stat") as f:
            user, nice, system, _, _, *interrupts = map(int, f.readline().split()[1:])
        return (user + nice + system + sum(interrupts[:3])) / os.sysconf("SC_CLK_TCK")
    before = busy_s()
    time.sleep(window_s)
    return round((busy_s() - before) / window_s, 2)


def busy_text(most, cores, what):
    """Whether figures say something when others kept at most `most` cores busy before `what`."""
    if most <= 0.2 * cores:
        return f"Before each {what} others kept at most {most} cores busy."
    return (f"**The machine was busy with other things** (before a {what}, up to {most} of {cores} "
            "cores): these figures say little.")
