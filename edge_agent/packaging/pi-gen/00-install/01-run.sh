#!/bin/bash -e
# Puts the device into the image; `files/` holds its wheel. Nothing starts here: every card gets its own name, keys and
# claim code with its first boot.
wheel=$(basename files/kubeddr-*.whl)
install -m 644 "files/${wheel}" "${ROOTFS_DIR}/tmp/"
on_chroot <<INSIDE
python3 -m venv /tmp/kubeddr
/tmp/kubeddr/bin/pip install --quiet "/tmp/${wheel}"
/tmp/kubeddr/bin/kubeddr device install "/tmp/${wheel}" --image
rm -rf /tmp/kubeddr "/tmp/${wheel}"
INSIDE
