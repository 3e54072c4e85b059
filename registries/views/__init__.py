"""The pages of the ground floor: accounts, the list, creating, one registry, one resource group."""
