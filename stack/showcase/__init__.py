"""What `make up` shows at the end: storage provisioned by a DAG, real samples on the wall."""
