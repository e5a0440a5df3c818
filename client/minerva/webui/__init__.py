"""The dashboard's server: the built page, the network that it is for, and contents where no gateway serves them."""
