"""Runs ONNX's reference checker, shape inference included, on each file named.

Prints what is wrong with the first file that does not pass, and fails.
"""

import sys

import onnx

for path in sys.argv[1:]:
    try:
        onnx.checker.check_model(path, full_check=True)
    except Exception as error:
        sys.exit(f"{path}: {error}")
