"""The Chain port and its implementations: a node through web3.py's parts, and the specification in memory."""
