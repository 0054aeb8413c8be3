"""One module for each experiment; `orgrollout.confirm.registry` lists them."""
