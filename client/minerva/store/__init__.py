"""Content-addressed bytes: one port, three stores (an IPFS node, a folder, a dictionary)."""

from minerva.store.address import open_store
from minerva.store.cid import cid_of
from minerva.store.port import Store, StoreHealth

__all__ = ["Store", "StoreHealth", "cid_of", "open_store"]
