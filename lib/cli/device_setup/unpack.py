"""Unpacks those members of a wheel whose names match one of the patterns."""

import fnmatch
import os
import sys
import zipfile

wheel, folder, *patterns = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for member in archive.infolist():
        if any(fnmatch.fnmatchcase(member.filename, pattern) for pattern in patterns):
            path = archive.extract(member, folder)
            mode = member.external_attr >> 16 & 0o777
            if mode and not member.is_dir():
                os.chmod(path, mode)
