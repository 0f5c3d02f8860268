"""What pairs of measurements say of a ratio."""

import bisect
import math
import statistics

# Student's t, two-sided 95 %, by degrees of freedom. Between two of them, the smaller one counts:
# its interval is the wider one.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262,
       10: 2.228, 11: 2.201, 12: 2.179, 13: 2.160, 14: 2.145, 15: 2.131, 16: 2.120, 17: 2.110,
       18: 2.101, 19: 2.093, 20: 2.086, 22: 2.074, 24: 2.064, 26: 2.056, 28: 2.048, 30: 2.042,
       40: 2.021, 60: 2.000, 120: 1.980}


def t95(degrees):
    known = sorted(T95)
    return T95[known[bisect.bisect_right(known, degrees) - 1]]


def summary(ratios):
    """(geometric mean, lower end, upper end) of the 95 % confidence interval: Student's t over the
    logarithms of the ratios. REQUIRES: at least two, all above zero."""
    logs = [math.log(r) for r in ratios]
    middle = statistics.fmean(logs)
    reach = t95(len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return tuple(math.exp(x) for x in (middle, middle - reach, middle + reach))
