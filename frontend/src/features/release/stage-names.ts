/** What each task of the pipeline does, in the order in which they begin. */
export const STAGE_NAMES: Record<string, string> = {
  feedback_snapshot: 'Save the ratings that viewers gave here',
  ingest: 'Read the ratings',
  frontend_build: 'Build the web app',
  sequential_processing: 'Order and split each user’s ratings',
  content_features: 'Gather and embed what is known of each film',
  two_tower_training: 'Train the two-tower model',
  bert4rec_training: 'Train the BERT4Rec model',
  integrated_evaluation: 'Evaluate the models and decide',
  backend_server: 'Publish the release and serve it',
};
