/**
 * Makes the image `busybox` in the user's docker, out of the machine's own busybox: no guest of these tests reaches a
 * registry. A script for rancher's shell, whose last line is the image's name.
 */
export const MAKE_BUSYBOX_IMAGE = `
sudo wait-for-docker &&
mkdir -p /tmp/busybox/bin && sudo system-docker exec docker /usr/bin/busybox cat /usr/bin/busybox > /tmp/busybox/bin/busybox &&
chmod 755 /tmp/busybox/bin/busybox && ln -sf busybox /tmp/busybox/bin/sh &&
tar -C /tmp/busybox -c . | docker import --change 'ENV PATH=/bin' --change 'CMD ["sh"]' - busybox > /dev/null &&
docker image inspect --format '{{index .RepoTags 0}}' busybox`
