// node deb-unpack.js DEB STORE: unpacks a package as a build does, into one proven tar in a store.
import { fileSource, sha256 } from '@ros/bytes/node'
import { debTree } from '@ros/debian'
import { openStore } from '@ros/store'

const [deb = '', folder = ''] = process.argv.slice(2)
const store = await openStore(folder)
const digest = await sha256(fileSource(deb))
await store.putFile(deb, { digest, subject: deb })
const tree = await debTree(store, { name: deb, digest })
if (tree.size === 0) throw new Error('nothing in the package')
