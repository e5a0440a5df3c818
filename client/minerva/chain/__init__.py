"""The Chain port and its implementations: web3.py against a node, and the executable specification in memory."""
