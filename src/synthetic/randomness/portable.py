"""Elementary functions that give the same bits on every platform.

The C library's ``exp`` and ``log``, and NumPy's, differ in the last bit between libraries and between processors (a
processor with AVX-512 takes another code path). The functions here use only what IEEE 754 defines to the last bit, one
operation at a time: addition, subtraction, multiplication, division, square root, rounding to a whole number, and
taking a number apart into fraction and exponent. They are within two units of the last place of the true value.

``exp`` and ``log`` follow Sun's fdlibm (1993), the quantile of the normal distribution is algorithm AS 241 (Wichura,
1988, *Applied Statistics* 37, 477-484).
"""

from collections.abc import Callable

import numpy as np

_AT_ONCE = 8192  # Elements that stay in the processor's cache from one operation to the next.
_LARGEST_WHOLE = 64

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_ONE_OVER_LN2 = 1.44269504088896338700
_EXP = (
    4.13813679705723846039e-08,
    -1.65339022054652515390e-06,
    6.61375632143793436117e-05,
    -2.77777777770155933842e-03,
    1.66666666666666019037e-01,
)
_EXP_LIMIT = 700.0
_LOG = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)
_HALF_ROOT = 0.70710678118654752440

_CENTRE = (
    (
        2509.0809287301226727,
        33430.575583588128105,
        67265.770927008700853,
        45921.953931549871457,
        13731.693765509461125,
        1971.5909503065514427,
        133.14166789178437745,
        3.387132872796366608,
    ),
    (
        5226.495278852854561,
        28729.085735721942674,
        39307.89580009271061,
        21213.794301586595867,
        5394.1960214247511077,
        687.1870074920579083,
        42.313330701600911252,
        1.0,
    ),
)
_MIDDLE = (
    (
        7.7454501427834140764e-4,
        0.0227238449892691845833,
        0.24178072517745061177,
        1.27045825245236838258,
        3.64784832476320460504,
        5.7694972214606914055,
        4.6303378461565452959,
        1.42343711074968357734,
    ),
    (
        1.05075007164441684324e-9,
        5.475938084995344946e-4,
        0.0151986665636164571966,
        0.14810397642748007459,
        0.68976733498510000455,
        1.6763848301838038494,
        2.05319162663775882187,
        1.0,
    ),
)
_TAIL = (
    (
        2.01033439929228813265e-7,
        2.71155556874348757815e-5,
        0.0012426609473880784386,
        0.026532189526576123093,
        0.29656057182850489123,
        1.7848265399172913358,
        5.4637849111641143699,
        6.6579046435011037772,
    ),
    (
        2.04426310338993978564e-15,
        1.4215117583164458887e-7,
        1.8463183175100546818e-5,
        7.868691311456132591e-4,
        0.0148753612908506148525,
        0.13692988092273580531,
        0.59983220655588793769,
        1.0,
    ),
)


def exp(x: np.ndarray | float) -> np.ndarray:
    """``e**x`` for numbers (not NaN), elementwise; 0 below -700 and infinite above 700.

    Examples
    --------
    >>> float(exp(0.0)), round(float(exp(1.0)), 10)
    (1.0, 2.7182818285)
    """
    return _in_parts(_exp, x)


def log(x: np.ndarray | float) -> np.ndarray:
    """The natural logarithm of positive finite numbers, elementwise; of 0 it is minus infinity.

    Examples
    --------
    >>> float(log(1.0)), round(float(log(10.0)), 10)
    (0.0, 2.302585093)
    """
    return _in_parts(_log, x)


def power(x: np.ndarray | float, exponent: float) -> np.ndarray:
    """``x**exponent`` for ``x`` at least 0 and one positive exponent, elementwise; whole exponents by multiplication.

    Examples
    --------
    >>> power(np.array([0.0, 4.0]), 3.0).tolist()
    [0.0, 64.0]
    """
    x = np.asarray(x, dtype=float)
    if exponent != int(exponent) or exponent > _LARGEST_WHOLE:
        return exp(exponent * log(x))
    result, square, rest = np.ones(x.shape), x, int(exponent)
    while rest:
        if rest & 1:
            result = result * square
        square, rest = square * square, rest >> 1
    return result


def normal_quantile(p: np.ndarray) -> np.ndarray:
    """The quantile of the standard normal distribution at probabilities in (0, 1), elementwise.

    Examples
    --------
    >>> normal_quantile(np.array([0.5, 0.975])).round(6).tolist()
    [0.0, 1.959964]
    """
    return _in_parts(_normal_quantile, p)


def _in_parts(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray | float) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    flat = x.reshape(-1)
    result = np.empty(flat.size)
    for begin in range(0, flat.size, _AT_ONCE):
        result[begin : begin + _AT_ONCE] = function(flat[begin : begin + _AT_ONCE])
    return result.reshape(x.shape)


def _exp(x: np.ndarray) -> np.ndarray:
    inside = np.minimum(np.maximum(x, -_EXP_LIMIT), _EXP_LIMIT)
    k = np.rint(inside * _ONE_OVER_LN2)
    high = inside - k * _LN2_HIGH
    low = k * _LN2_LOW
    r = high - low
    square = r * r
    c = r - square * _polynomial(_EXP, square)
    value = 1 - ((low - (r * c) / (2 - c)) - high)
    value = np.ldexp(value, k.astype(np.int32))
    if np.array_equal(inside, x):
        return value
    value[x < -_EXP_LIMIT] = 0
    value[x > _EXP_LIMIT] = np.inf
    return value


def _log(x: np.ndarray) -> np.ndarray:
    fraction, exponent = np.frexp(x)
    small = fraction < _HALF_ROOT
    f = np.where(small, 2 * fraction, fraction) - 1
    k = exponent - small
    s = f / (2 + f)
    square = s * s
    half = 0.5 * f * f
    value = k * _LN2_HIGH - ((half - (s * (half + square * _polynomial(_LOG, square)) + k * _LN2_LOW)) - f)
    value[x == 0] = -np.inf
    return value


def _normal_quantile(p: np.ndarray) -> np.ndarray:
    q = p - 0.5
    square = 0.180625 - q * q
    value = q * (_polynomial(_CENTRE[0], square) / _polynomial(_CENTRE[1], square))
    outer = np.flatnonzero(np.abs(q) > 0.425)
    if outer.size:
        r = np.sqrt(-_log(np.minimum(p[outer], 1 - p[outer])))
        middle = _polynomial(_MIDDLE[0], r - 1.6) / _polynomial(_MIDDLE[1], r - 1.6)
        tail = _polynomial(_TAIL[0], r - 5) / _polynomial(_TAIL[1], r - 5)
        distance = np.where(r <= 5, middle, tail)
        value[outer] = np.where(q[outer] < 0, -distance, distance)
    return value


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """Horner's rule, highest power first."""
    value = np.full(x.shape, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value
