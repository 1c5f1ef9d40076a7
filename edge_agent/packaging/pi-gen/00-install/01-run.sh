#!/bin/bash -e
# Puts the device into the image; `files/` holds its wheel. Nothing starts here: every card gets its own name, keys and
# claim code with its first boot.
wheel=$(basename files/kubeddr-*.whl)
install -m 644 "files/${wheel}" "${ROOTFS_DIR}/opt/"
on_chroot <<INSIDE
python3 -m venv /opt/from
/opt/from/bin/pip install --quiet "/opt/${wheel}"
/opt/from/bin/kubeddr device install "/opt/${wheel}" --image
rm -rf /opt/from "/opt/${wheel}"
INSIDE
