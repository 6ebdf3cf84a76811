"""Makes digits.bin: scikit-learn's handwritten digits as rows of images.

Command, in the project's root:

    python3 lib/evaluation/examples/make_digits.py

with scikit-learn 1.9. The digits are 1,797 images of 8 by 8 places and 10 classes, which
scikit-learn ships: "Optical Recognition of Handwritten Digits" (Alpaydin and Kaynak 1998,
UCI Machine Learning Repository, doi:10.24432/C50P49, CC BY 4.0).

A row is a label and the image, in bytes, as CIFAR-10's binary files have them; the pixels'
0 to 16 become 0 to 240. The rows are in a random order that is always the same, so that the
first 1,197 can be trained on, the next 300 are for validation and the last 300 for tests.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
rows = np.concatenate([digits.target[:, None], digits.data * 15], axis=1)
order = np.random.RandomState(0).permutation(len(rows))
path = Path(__file__).parent / "digits.bin"
path.write_bytes(rows[order].astype(np.uint8).tobytes())
print(f"{path.name}: {path.stat().st_size} bytes")
