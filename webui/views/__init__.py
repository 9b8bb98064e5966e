"""The edge: schema in, a call of a service, schema out."""
