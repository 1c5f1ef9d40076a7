#!/bin/bash -e
# A stage of pi-gen begins where the one before it ended.
if [ ! -d "${ROOTFS_DIR}" ]; then
  copy_previous
fi
