#!/usr/bin/python3
"""Logistic regression beside scikit-learn: wall time on one core, and the
largest difference of a coefficient.

leadflow's time is that of the whole query, reading the table included;
scikit-learn's that of fit() alone, from numpy arrays in memory. Both fit the
same rows of the table that score.sql makes, with the same penalty, 1. Run by
score.sh; needs python3-sklearn.
"""
import os

for threads in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ[threads] = '1'

import re
import statistics
import subprocess
import sys
import time
import warnings

try:
    import numpy as np
    import sklearn
    from sklearn.linear_model import LogisticRegression
except ImportError:
    sys.exit('no comparison with scikit-learn: python3-sklearn is not installed')

FIT = 'leadflow.logistic_fit(outcome, x, 1)'
# solvers and tolerances: the default, and those that come closer
SETTINGS = [('lbfgs', 1e-4), ('lbfgs', 1e-8), ('newton-cholesky', 1e-4), ('newton-cholesky', 1e-8)]


def psql(*commands, **options):
    command = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']
    command += [f'-c{c}' for c in ('SET search_path = bench_score', 'SET jit = off',
                                   'SET max_parallel_workers_per_gather = 0') + commands]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


def leadflow_coefficients():
    answer = psql(f'SELECT coefficient FROM leadflow.coefficients((SELECT {FIT} FROM featured)) ORDER BY "position"')
    return np.array([float(line) for line in answer.split()])


def leadflow_times(rounds):
    answer = psql(*[r'\timing on'] + [f'SELECT {FIT} FROM featured'] * rounds).decode()
    return [float(ms) / 1000 for ms in re.findall(r'Time: ([0-9.]+) ms', answer)]


def read_table(features):
    """The rows, from COPY's binary form, in which all rows here are alike."""
    cell = np.dtype([('length', '>i4'), ('value', '>f8')])
    row = np.dtype([('fields', '>i2'), ('length', '>i4'), ('outcome', '?'),
                    ('array', '>i4', 6), ('x', cell, features)])
    data = psql('COPY (SELECT outcome, x FROM featured) TO STDOUT (FORMAT binary)')
    rows = np.frombuffer(data, row, (len(data) - 19 - 2) // row.itemsize, 19)
    return np.ascontiguousarray(rows['x']['value'], dtype=float), rows['outcome'].astype(int)


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    own = leadflow_coefficients()
    x, y = read_table(len(own) - 1)
    print(f'\nlogistic_fit, {x.shape[0]} rows, {x.shape[1]} features, beside scikit-learn {sklearn.__version__}')
    print(f'{"":34} {"wall seconds":>12} {"ratio":>8} {"largest difference":>20}')
    seconds = statistics.median(leadflow_times(rounds + 1)[1:])
    print(f'{"leadflow, the table read":34} {seconds:12.3f} {1:8.2f}')
    warnings.simplefilter('ignore')
    for solver, tolerance in SETTINGS:
        model = LogisticRegression(C=1, solver=solver, tol=tolerance, max_iter=1000)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            model.fit(x, y)
            times.append(time.perf_counter() - start)
        peer = statistics.median(times)
        difference = np.abs(own - np.r_[model.intercept_, model.coef_[0]]).max()
        print(f'{f"{solver}, tol {tolerance:g}, fit alone":34} {peer:12.3f} {peer / seconds:8.2f} {difference:20.1e}')


main()
