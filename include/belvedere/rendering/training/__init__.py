"""What training runs log: TensorBoard's event files and what they hold."""
